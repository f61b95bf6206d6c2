/** The fields of a DTO, without its class. */
export function fieldsOf(dto: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(dto));
}
