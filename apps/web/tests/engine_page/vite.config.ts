/** Builds the page on which tests use the engine, as the app is built. It is never shipped. */

import { mergeConfig } from 'vite'

import app from '../../vite.config.ts'

export default mergeConfig(app, { root: import.meta.dirname })
