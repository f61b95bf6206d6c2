/**
 * Every call that is publicly known of Partnero's API, by what is known of it: its documentation, old
 * and new, and its own clients.
 */
export const ENDPOINTS: readonly string[] = `
  GET /test
  GET /program
  GET /program/overview
  PUT /program
  DELETE /program
  PUT /settings

  GET /partners
  POST /partners
  PUT /partners
  DELETE /partners
  GET /partner
  GET /partners:search
  POST /partners:sign-in-url
  GET /partners/{id}
  PUT /partners/{id}
  DELETE /partners/{id}
  POST /partners/{id}/archive
  POST /partners/{id}/revoke-archive
  POST /partners/{id}/reward
  GET /partners/{id}/referral_links

  GET /customers
  POST /customers
  PUT /customers
  GET /customers:search
  POST /customers:invite
  GET /customers/{key}
  PUT /customers/{key}
  DELETE /customers/{key}
  POST /customers/{key}/archive
  POST /customers/{key}/revoke-archive
  GET /customers/{key}/transactions
  GET /customers/{id}/referrals
  GET /customers/{id}/stats
  GET /customers/{id}/balance
  POST /customers/{id}/balance/credit
  GET /customers/{id}/referral_links

  GET /transactions
  POST /transactions
  DELETE /transactions
  GET /transactions/{key}
  DELETE /transactions/{key}
  POST /transactions/{key}/archive
  POST /transactions/{key}/revoke-archive

  GET /partner_referral_links:domains
  GET /partner_referral_links:search
  POST /partner_referral_links
  GET /partner_referral_links/{id}
  PUT /partner_referral_links/{id}
  DELETE /partner_referral_links/{id}
  GET /customer_referral_links:search
  POST /customer_referral_links
  GET /customer_referral_links/{id}
  PUT /customer_referral_links/{id}
  DELETE /customer_referral_links/{id}

  GET /subscribers
  POST /subscribers
  PUT /subscribers
  DELETE /subscribers
  GET /subscribers/{id}
  GET /subscribers:search
  GET /rewards
  POST /rewards
  GET /rewards/{id}

  GET /leads
  POST /leads
  GET /leads/{id}
  DELETE /leads/{id}
  POST /leads/convert
  POST /leads/reject
  GET /leads/details

  GET /payout_requests
  POST /payout_requests
  GET /payout_requests:search
  GET /payout_requests/{id}
  POST /payout_requests/{id}/approve
  POST /payout_requests/{id}/mark_as_paid
  GET /coupons
  POST /coupons
  GET /coupons/{uuid}
  PUT /coupons/{uuid}
  DELETE /coupons/{uuid}
  POST /promotion-code

  GET /webhooks
  POST /webhooks
  GET /webhooks/{key}
  PUT /webhooks/{key}
  DELETE /webhooks/{key}
`
  .split('\n')
  .map((line) => line.trim())
  .filter(Boolean);
