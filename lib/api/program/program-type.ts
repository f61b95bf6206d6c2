/** The types of program that Partnero has. One API key belongs to one program. */
export type PartneroProgram = 'affiliate' | 'refer-a-friend' | 'newsletter';

/** Something that differs between the types of program. */
export type ByProgram<TProgram extends PartneroProgram, TAffiliate, TReferAFriend, TNewsletter> = {
  affiliate: TAffiliate;
  'refer-a-friend': TReferAFriend;
  newsletter: TNewsletter;
}[TProgram];
