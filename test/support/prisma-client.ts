import { PrismaPg } from '@prisma/adapter-pg';
import { getPrismaClient } from '@prisma/client/runtime/client';
import type { Pool } from 'pg';

// The types of Node.js and of ES2024 have no WebAssembly.
const { Module } = (
  globalThis as unknown as { WebAssembly: { Module: new (code: Buffer) => object } }
).WebAssembly;

/**
 * What `prisma generate` writes for a schema without models. The command itself downloads a binary,
 * which tests must not need.
 */
const EmptyPrismaClient = getPrismaClient({
  previewFeatures: [],
  clientVersion: '7.10.1',
  engineVersion: 'none',
  activeProvider: 'postgresql',
  inlineSchema: 'datasource db {\n  provider = "postgresql"\n}\n',
  runtimeDataModel: { models: {}, enums: {}, types: {} },
  parameterizationSchema: { strings: [], graph: 'AAAA' },
  compilerWasm: {
    getRuntime: () => import('@prisma/client/runtime/query_compiler_fast_bg.postgresql.mjs'),
    getQueryCompilerWasmModule: async () => {
      const { wasm } =
        await import('@prisma/client/runtime/query_compiler_fast_bg.postgresql.wasm-base64.mjs');
      return new Module(Buffer.from(wasm, 'base64'));
    },
    importName: './query_compiler_fast_bg.js',
  },
});

/** A real `PrismaClient` of Prisma 7, with its driver for `pg`. */
export function prismaClient(pool: Pool) {
  return new EmptyPrismaClient({ adapter: new PrismaPg(pool) });
}
