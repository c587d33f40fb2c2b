#!/usr/bin/env node
// The `tintype` command: makes sure Node 24 and the dependencies are there, then runs src/main.ts (a clone)
// or dist/main.js (an installed package).
import path from 'node:path';
import { isClone, projectRoot, runUnderNode24 } from './node24.js';

await runUnderNode24(path.join(projectRoot, isClone ? 'src/main.ts' : 'dist/main.js'), process.argv.slice(2));
