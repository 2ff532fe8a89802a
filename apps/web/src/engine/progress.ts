/**
 * Says how far a call that takes long is (0 to 1) and what it is at, and lets other messages in. Returns whether it
 * should go on: not where it was stopped, and then it answers with what it has.
 */
export type Progress = (share: number, what: string) => Promise<boolean>
