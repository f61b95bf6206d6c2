/** What is used of ioredis. BullMQ's own interface of clients lacks some of it. */
export interface RedisClient {
  readonly status: string;
  readonly isCluster: boolean;
  hget(key: string, field: string): Promise<string | null>;
  hgetall(key: string): Promise<Record<string, string>>;
  hexists(key: string, field: string): Promise<number>;
  hset(key: string, values: Record<string, string>): Promise<number>;
  hsetnx(key: string, field: string, value: string): Promise<number>;
  hdel(key: string, field: string): Promise<number>;
  del(key: string): Promise<number>;
  info(): Promise<string>;
  multi(): RedisTransaction;
  on(event: 'ready' | 'close', listener: () => void): unknown;
  disconnect(): void;
}

interface RedisTransaction {
  hset(key: string, values: Record<string, string>): this;
  hdel(key: string, field: string): this;
  hincrby(key: string, field: string, by: number): this;
  expire(key: string, seconds: number): this;
  exec(): Promise<[Error | null, unknown][] | null>;
}
