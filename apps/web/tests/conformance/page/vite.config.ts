/** Builds the page of the conformance tests as the app is built. It is never shipped. */

import { mergeConfig } from 'vite'

import app from '../../../vite.config.ts'

export default mergeConfig(app, { root: import.meta.dirname })
