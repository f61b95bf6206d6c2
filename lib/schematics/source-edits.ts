/**
 * The source with one more entry in its Nest module's `imports`, or `null` if it doesn't look as
 * expected. Unchanged if it names PartneroModule already.
 */
export function addModuleImport(source: string): string | null {
  const masked = mask(source);
  if (/\bPartneroModule\b/.test(masked)) return source;
  const [decorator, another] = [...masked.matchAll(/@Module\s*\(\s*\{/g)];
  if (!decorator || another) return null;
  const open = decorator.index + decorator[0].length - 1;
  const entries = topLevel(masked, open);
  if (entries === null) return null;
  const imports = /\bimports\s*:\s*\[/.exec(entries);
  if (!imports && /\bimports\b|\.\.\./.test(entries)) return null;
  const at = imports ? open + imports.index + imports[0].length : open + 1;
  const added = imports
    ? insertFirst(source, at, 'PartneroModule.forRoot()')
    : insertFirst(source, at, 'imports: [PartneroModule.forRoot()]');
  return addImport(added, 'PartneroModule', '@nestjs/common');
}

/**
 * The source with `captureReferrals()` behind `NestFactory.create()`, or `null` if it doesn't look as
 * expected. Unchanged if it names captureReferrals already.
 */
export function addCapture(source: string): string | null {
  const masked = mask(source);
  if (/\bcaptureReferrals\b/.test(masked)) return source;
  const created = createdApp(masked);
  if (!created) return null;
  const { name, indent, end } = created;
  // Without a semicolon, the next line may go on with the call.
  const rest = /^[ \t]*(?:(;)[ \t]*(?=\n|$)|(?=\n|$)(?!\s*[.?([+*&|,:=-]))/.exec(masked.slice(end));
  if (!rest) return null;
  const at = end + rest[0].length;
  const line = `\n${indent}${name}.use(captureReferrals(${name}))${rest[1] ?? ''}`;
  return addImport(
    source.slice(0, at) + line + source.slice(at),
    'captureReferrals',
    '@nestjs/core',
  );
}

/** From where `main.ts` imports the module that it passes to `NestFactory.create()`. */
export function rootModuleSpecifier(main: string): string | undefined {
  const masked = mask(main);
  const created = createdApp(masked);
  const [name] = (created && /^\w+/.exec(masked.slice(created.args).trimStart())) ?? [];
  if (name === undefined) return undefined;
  return new RegExp(`import\\s*\\{[^}]*\\b${name}\\b[^}]*\\}\\s*from\\s*['"](\\.[^'"]*)['"]`).exec(
    main,
  )?.[1];
}

/** The one call of `NestFactory.create()` whose result is a variable. */
function createdApp(masked: string) {
  const pattern =
    /^([ \t]*)(?:const|let)\s+(\w+)(?:\s*:[^=;]+)?\s*=\s*await\s+NestFactory\s*\.\s*create\s*(?:<[^()]*>)?\s*\(/gm;
  const [call, another] = [...masked.matchAll(pattern)];
  if (!call || another) return undefined;
  const args = call.index + call[0].length;
  const content = topLevel(masked, args - 1);
  if (content === null) return undefined;
  return { indent: call[1]!, name: call[2]!, args, end: args - 1 + content.length };
}

/** Behind the first import from a package that every such file imports from, in the same style. */
function addImport(source: string, name: string, neighbour: string): string | null {
  const masked = mask(source);
  const pattern = new RegExp(`^import\\s[^;'"]*from\\s*(['"])${neighbour}\\1(;?).*$`, 'gm');
  const found = [...source.matchAll(pattern)].find(({ index }) =>
    masked.startsWith('import', index),
  );
  if (!found) return null;
  const at = found.index + found[0].length;
  const line = `\nimport { ${name} } from ${found[1]}nestjs-partnero${found[1]}${found[2]}`;
  return source.slice(0, at) + line + source.slice(at);
}

/** Makes `text` the first of the entries behind a bracket, on a line of its own if the others are. */
function insertFirst(source: string, at: number, text: string): string {
  const [blank = ''] = /^\s*/.exec(source.slice(at)) ?? [];
  const rest = source.slice(at + blank.length);
  if (/^[\]}]/.test(rest)) {
    const added = rest.startsWith('}') ? ` ${text} ` : text;
    return source.slice(0, at) + added + (blank.includes('\n') ? blank : '') + rest;
  }
  const line = blank.slice(blank.lastIndexOf('\n') + 1);
  const added = blank.includes('\n') ? `\n${line}${text},${blank}` : `${blank}${text}, `;
  return source.slice(0, at) + added + rest;
}

/** From a bracket to its other one, what is in nested brackets blanked; `null` without another one. */
function topLevel(masked: string, open: number): string | null {
  let depth = 0;
  let content = '';
  for (const character of masked.slice(open)) {
    if (')]}'.includes(character)) depth -= 1;
    content += depth < 2 || character === '\n' ? character : ' ';
    if ('([{'.includes(character)) depth += 1;
    if (depth === 0) return content;
  }
  return null;
}

/** The source with comments and the content of strings blanked, each character where it was. */
function mask(source: string): string {
  const hidden =
    /\/\*[\s\S]*?\*\/|\/\/.*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`/g;
  return source.replaceAll(hidden, (text) => text.replaceAll(/[^\n]/g, ' '));
}
