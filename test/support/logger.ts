import type { LoggerService } from '@nestjs/common';

export interface LogLine {
  level: 'log' | 'warn' | 'error' | 'debug' | 'verbose' | 'fatal';
  text: string;
}

/** Keeps what Nest and we log, for assertions. */
export class CapturingLogger implements LoggerService {
  readonly lines: LogLine[] = [];
  log = this.keep('log');
  warn = this.keep('warn');
  error = this.keep('error');
  debug = this.keep('debug');
  verbose = this.keep('verbose');
  fatal = this.keep('fatal');

  /** Ours only, of one level or of all. */
  ours(level?: LogLine['level']): string[] {
    return this.lines
      .filter((line) => line.text.startsWith('[Partnero') && (!level || line.level === level))
      .map((line) => line.text);
  }

  get text(): string {
    return this.lines.map((line) => line.text).join('\n');
  }

  private keep(level: LogLine['level']) {
    return (message: unknown, ...rest: unknown[]): void => {
      const context = rest.at(-1);
      this.lines.push({ level, text: `[${String(context)}] ${String(message)}` });
    };
  }
}
