/** What this Redis may lose, according to its command INFO. */
export function findRisks(info: string): string[] {
  const valueOf = (name: string) => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1];
  const risks: string[] = [];
  const policy = valueOf('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    risks.push(
      `maxmemory-policy is ${policy}, so Redis deletes jobs when its memory is full: set it to ` +
        'noeviction',
    );
  }
  if (valueOf('aof_enabled') === '0') {
    risks.push(
      'appendonly is off, so a crash of Redis loses what came after its last snapshot: set it to yes',
    );
  }
  return risks;
}
