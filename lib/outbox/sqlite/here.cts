/** The folder of the compiled files, in both builds: `import.meta` exists in one of them only. */
export const here = __dirname;
