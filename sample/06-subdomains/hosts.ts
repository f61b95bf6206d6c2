/**
 * Three names of this machine: browsers know that whatever ends in `.localhost` is here. In
 * production it is www.example.com, app.example.com and api.example.com.
 */
export const DOMAIN = 'example.localhost';

export interface Hosts {
  readonly www: string;
  readonly app: string;
  readonly api: string;
}

export function hostsAt(ports: Record<keyof Hosts, number>): Hosts {
  const at = (name: keyof Hosts) => `http://${name}.${DOMAIN}:${ports[name]}`;
  return { www: at('www'), app: at('app'), api: at('api') };
}
