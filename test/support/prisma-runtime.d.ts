/** Prisma publishes these two without types. */
declare module '@prisma/client/runtime/query_compiler_fast_bg.postgresql.mjs' {
  import type { GetPrismaClientConfig } from '@prisma/client/runtime/client';
  type Runtime = Awaited<
    ReturnType<NonNullable<GetPrismaClientConfig['compilerWasm']>['getRuntime']>
  >;
  const runtime: Runtime;
  export = runtime;
}
declare module '@prisma/client/runtime/query_compiler_fast_bg.postgresql.wasm-base64.mjs' {
  export const wasm: string;
}
