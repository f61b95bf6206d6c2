const PROXIES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'].flatMap((name) => [
  name,
  name.toLowerCase(),
  `npm_config_${name.toLowerCase()}`,
]);

/** Sets what the environment says of proxies: this, and nothing else. */
export function setEnvironment(proxies: NodeJS.ProcessEnv): void {
  for (const name of PROXIES) delete process.env[name];
  Object.assign(process.env, proxies);
}

const OURS = ['PARTNERO_API_KEY', 'PARTNERO_BASE_URL', 'PARTNERO_WEBHOOK_SECRET'];

/** Sets what the environment says of Partnero: this, and nothing else. */
export function setPartneroEnvironment(values: NodeJS.ProcessEnv): void {
  for (const name of OURS) delete process.env[name];
  Object.assign(process.env, values);
}
