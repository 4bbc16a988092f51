-- Live rows of a store at schema 33, as a server of that schema writes them. They do not change any more.
-- Bytes are x'…'; the engines' spellings are the test's (UpgradeTests).
INSERT INTO api_resources (id, identifier, name, scopes, accepted_credentials, carriers, object_types, objects_in_tokens, access_token_lifetime_seconds, resource_servers, created_at, access_log, access_token_signing_alg, minimum_strength, one_time_tokens, scope_generation)
  VALUES ('res_02x5WlL3b6GHhwwGmm01Kb', 'https://api.example.com', 'Billing', '[{"name":"invoices:read","description":null},{"name":"invoices:write","description":null}]', '["api_key","personal_access_token","access_token"]', '["bearer","x_api_key"]', '["repo"]', 0, 300, '[]', 1720699765716, 'all', 'ES256', 'bearer', 0, 0);
INSERT INTO roles (id, name, description, permissions, created_at)
  VALUES ('rol_02x5WlL3b6GdgdDqnsAIss', 'reader', NULL, '[{"res":"res_02x5WlL3b6GHhwwGmm01Kb","scopes":["invoices:read"]}]', 1720699765716);
INSERT INTO principals (id, type, name, email, enabled, created_at)
  VALUES ('usr_02x5WlL3b6HLdzn0q4UrzQ', 'user', 'Ada', 'ada@example.com', 1, 1720699765716);
INSERT INTO principals (id, type, name, enabled, created_at, rate_limits, client)
  VALUES ('app_02x5WlL3b6GzfJVQoyKaR9', 'application', 'Billing job', 1, 1720699765716, '[{"name":"all","limit":100000,"period":"day"}]', '{"methods":["private_key_jwt","client_secret_basic"]}');
INSERT INTO principal_roles (principal_id, role_id)
  VALUES ('usr_02x5WlL3b6HLdzn0q4UrzQ', 'rol_02x5WlL3b6GdgdDqnsAIss');
INSERT INTO principal_roles (principal_id, role_id)
  VALUES ('app_02x5WlL3b6GzfJVQoyKaR9', 'rol_02x5WlL3b6GdgdDqnsAIss');
INSERT INTO credentials (id, kind, owner_id, name, masked, permissions, created_at, created_by, expires_at, not_before, due_at, terms, state)
  VALUES ('key_02x5WlL3b6JTW5UUwfUZJ4', 'api_key', 'app_02x5WlL3b6GzfJVQoyKaR9', 'api key', 'tkr_key_…FIBo', '[{"res":"res_02x5WlL3b6GHhwwGmm01Kb","scopes":["invoices:read"]}]', 1720699765726, 'usr_02x5WlL3b6HLdzn0q4UrzQ', 4070908800000, 1720699765726, 1728475765726, '{"objects":["repo:acme/*","repo:other"],"allowed_ips":["10.0.0.0/8","::1"],"rate_limits":[{"name":"burst","limit":60,"window_seconds":60},{"name":"daily","limit":1000,"period":"day"}],"request_signing":"required","rotate_every_days":90,"metadata":{"a":null,"list":[1.50e3,null],"text":"\u00e9 é \/ ",  "deep":{"n":null}}}', 'active');
INSERT INTO credential_secrets (credential_id, version, hash, pepper_version, signing_pepper_version)
  VALUES ('key_02x5WlL3b6JTW5UUwfUZJ4', 1, x'8c409cedabdd840c6c523a75de881b417a10b1472b66681ac3b50c18dc1a2ed3', 1, 1);
INSERT INTO credentials (id, kind, owner_id, name, masked, permissions, created_at, created_by, state)
  VALUES ('key_02x5WlL3b6JpUlm4xleqrL', 'api_key', 'app_02x5WlL3b6GzfJVQoyKaR9', 'api key', 'tkr_key_…xKBG', '[{"res":"res_02x5WlL3b6GHhwwGmm01Kb","scopes":["invoices:read"]}]', 1720699765727, 'usr_02x5WlL3b6HLdzn0q4UrzQ', 'active');
INSERT INTO credential_secrets (credential_id, version, hash, pepper_version)
  VALUES ('key_02x5WlL3b6JpUlm4xleqrL', 1, x'd29702d919a125b545ffdf2a3af6963ecdc67a4741a15fc322b8dce91a4eb5a7', 1);
INSERT INTO credentials (id, kind, owner_id, name, masked, permissions, created_at, created_by, created_with, terms, state)
  VALUES ('pat_02x5WlL3b6KBTS3eyrp8Pc', 'personal_access_token', 'usr_02x5WlL3b6HLdzn0q4UrzQ', 'personal access token', 'tkr_pat_…SWDC', NULL, 1720699765728, 'usr_02x5WlL3b6HLdzn0q4UrzQ', 'key_02x5WlL3b6JTW5UUwfUZJ4', '{"objects":["repo:acme/*"]}', 'active');
INSERT INTO credential_secrets (credential_id, version, hash, pepper_version)
  VALUES ('pat_02x5WlL3b6KBTS3eyrp8Pc', 1, x'b2e8e1c6daeb920bf73d746bd97c0d9d962f432aad34befcf3a5ed88fd8708ab', 1);
INSERT INTO credentials (id, kind, owner_id, name, masked, permissions, created_at, created_by, expires_at, due_at, terms, state)
  VALUES ('sec_02x5WlL3b6KXS8LEzxzPxt', 'client_secret', 'app_02x5WlL3b6GzfJVQoyKaR9', 'client secret', 'tkr_sec_…55PZ', NULL, 1720699765729, 'usr_02x5WlL3b6HLdzn0q4UrzQ', 4070908800000, 4070908800000, '{"allowed_ips":["192.0.2.7"]}', 'active');
INSERT INTO credential_secrets (credential_id, version, hash, pepper_version)
  VALUES ('sec_02x5WlL3b6KXS8LEzxzPxt', 1, x'b5129f5aaa59a6ab81fe67405d0d3c26d8774b1869741786bb2445d593a9a495', 1);
INSERT INTO credentials (id, kind, owner_id, name, masked, permissions, created_at, created_by, terms, state)
  VALUES ('key_02x5WlL3b6KtQocp149hWA', 'anonymous_api_key', 'app_02x5WlL3b6GzfJVQoyKaR9', 'anonymous api key', 'tkr_key_…87lA', NULL, 1720699765730, 'usr_02x5WlL3b6HLdzn0q4UrzQ', '{"rate_limits":[{"name":"burst","limit":60,"window_seconds":60},{"name":"daily","limit":1000,"period":"day"}]}', 'active');
INSERT INTO credential_secrets (credential_id, version, hash, pepper_version)
  VALUES ('key_02x5WlL3b6KtQocp149hWA', 1, x'471970241ad7a40aa54c45a346763abebe92be556b783efc537b93dcd788c9ef', 1);
INSERT INTO credentials (id, kind, owner_id, name, masked, permissions, created_at, created_by, terms, state)
  VALUES ('key_02x5WlL3b6LFPUuP2AJz4R', 'api_key', 'app_02x5WlL3b6GzfJVQoyKaR9', 'api key', 'tkr_key_…Y9bG', '[{"res":"res_02x5WlL3b6GHhwwGmm01Kb","scopes":["invoices:read"]}]', 1720699765731, 'usr_02x5WlL3b6HLdzn0q4UrzQ', '{"metadata":{}}', 'disabled');
INSERT INTO credential_secrets (credential_id, version, hash, pepper_version)
  VALUES ('key_02x5WlL3b6LFPUuP2AJz4R', 1, x'9fc3d8300fff16e79d51445fa69d48618d222c78234e9f56deff01e588904c92', 1);
INSERT INTO credentials (id, kind, owner_id, name, masked, permissions, created_at, created_by, revoked_at, revoked_reason, terms, state)
  VALUES ('key_02x5WlL3b6LbOBBz3GUGci', 'api_key', 'app_02x5WlL3b6GzfJVQoyKaR9', 'api key', 'tkr_key_…BvGH', '[{"res":"res_02x5WlL3b6GHhwwGmm01Kb","scopes":["invoices:read"]}]', 1720699765732, 'usr_02x5WlL3b6HLdzn0q4UrzQ', 1720699765736, 'it leaked', '{"allowed_ips":["10.1.0.0/16"]}', 'revoked');
INSERT INTO credential_secrets (credential_id, version, hash, pepper_version)
  VALUES ('key_02x5WlL3b6LbOBBz3GUGci', 1, x'e06d79e9dc32517e44dccfc4ce4051defccfc15ca416efa2d6333d057919a778', 1);
INSERT INTO credentials (id, kind, owner_id, name, masked, permissions, created_at, created_by, due_at, material, key_id, terms, state)
  VALUES ('jwk_02x5WlL3b6LxMrTZ4MeYAz', 'public_key', 'app_02x5WlL3b6GzfJVQoyKaR9', 'public key', 'k1', NULL, 1720699765733, 'usr_02x5WlL3b6HLdzn0q4UrzQ', 1723291765733, '{"kid":"k1","alg":"ES256","jwk":{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","kid":"k1","alg":"ES256"}}', 'k1', '{"allowed_ips":["10.0.0.0/8"],"rotate_every_days":30,"metadata":{"a":null}}', 'active');
INSERT INTO credential_usage (credential_id, last_used_at, ip, agent, previous_version, previous_used_at, previous_ip, previous_agent)
  VALUES ('key_02x5WlL3b6JTW5UUwfUZJ4', 1720699765746, '10.0.0.1', 'curl', 1, 1720699765744, '10.0.0.2', 'wget');
INSERT INTO credential_counts (owner_id, unrevoked)
  VALUES ('app_02x5WlL3b6GzfJVQoyKaR9', 6);
INSERT INTO credential_counts (owner_id, unrevoked)
  VALUES ('usr_02x5WlL3b6HLdzn0q4UrzQ', 1);
INSERT INTO sessions (id, user_id, hash, created_at, last_seen_at, authenticated_at, ends_at, ip, agent)
  VALUES ('ses_02x5WlL3b6M000000000Aa', 'usr_02x5WlL3b6HLdzn0q4UrzQ', x'8c409cedabdd840c6c523a75de881b417a10b1472b66681ac3b50c18dc1a2ed4', 1720699765746, 1720699765746, 1720699765746, 4070908800000, '10.0.0.1', 'Firefox');
INSERT INTO sign_in_links (hash, user_id, created_at, expires_at)
  VALUES (x'8c409cedabdd840c6c523a75de881b417a10b1472b66681ac3b50c18dc1a2ed5', 'usr_02x5WlL3b6HLdzn0q4UrzQ', 1720699765746, 4070908800000);
INSERT INTO organizations (id, name, enabled, created_at)
  VALUES ('org_02x5WlL3b6N000000000Aa', 'Acme', 1, 1720699765746);
INSERT INTO organization_members (organization_id, principal_id, role_id)
  VALUES ('org_02x5WlL3b6N000000000Aa', 'usr_02x5WlL3b6HLdzn0q4UrzQ', 'rol_0000000000000000000005');
INSERT INTO principals (id, type, name, enabled, created_at, organization_id)
  VALUES ('app_02x5WlL3b6P000000000Aa', 'application', 'Acme job', 1, 1720699765746, 'org_02x5WlL3b6N000000000Aa');
INSERT INTO credentials (id, kind, owner_id, organization_id, name, masked, permissions, created_at, created_by, state)
  VALUES ('pat_02x5WlL3b6Q000000000Aa', 'personal_access_token', 'usr_02x5WlL3b6HLdzn0q4UrzQ', 'org_02x5WlL3b6N000000000Aa', 'there', 'tkr_pat_…0000', '[]', 1720699765746, 'usr_02x5WlL3b6HLdzn0q4UrzQ', 'active');
INSERT INTO second_factors (user_id, sealed_secret, created_at, confirmed_at, last_step, failures, next_try_at)
  VALUES ('usr_02x5WlL3b6HLdzn0q4UrzQ', x'000102030405060708090a0b0c0d0e0f', 1720699765746, 1720699765746, 57356658, 0, 0);
INSERT INTO recovery_codes (user_id, hash)
  VALUES ('usr_02x5WlL3b6HLdzn0q4UrzQ', x'000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f');
INSERT INTO policies (owner, rules)
  VALUES ('org_02x5WlL3b6N000000000Aa', '{"max_tokens_per_user":5}');
INSERT INTO passkeys (id, user_id, credential_id, public_key, name, transports, sign_count, backup_eligible, backed_up, created_at)
  VALUES ('psk_02x5WlL3b6R000000000Aa', 'usr_02x5WlL3b6HLdzn0q4UrzQ', x'000102030405060708090a0b0c0d0e0f', x'a5010203262001', 'laptop', 'internal', 1, 0, 0, 1720699765746);
INSERT INTO linked_accounts (id, user_id, issuer, subject, label, created_at)
  VALUES ('lac_02x5WlL3b6S000000000Aa', 'usr_02x5WlL3b6HLdzn0q4UrzQ', 'https://login.example.com', 'ada', 'ada@example.com', 1720699765746);
INSERT INTO invitations (id, organization_id, hash, roles, email, note, created_by, created_at, expires_at)
  VALUES ('inv_02x5WlL3b6R000000000Aa', 'org_02x5WlL3b6N000000000Aa', x'8c409cedabdd840c6c523a75de881b417a10b1472b66681ac3b50c18dc1a2ed6', '["rol_0000000000000000000007"]', 'ada@example.com', 'Ada', 'usr_02x5WlL3b6HLdzn0q4UrzQ', 1720699765746, 4070908800000);
INSERT INTO recoverable_secrets (credential_id, version, sealed, sealed_under)
  VALUES ('key_02x5WlL3b6LbOBBz3GUGci', 1, x'000102030405060708090a0b0c0d0e0f', 1);
INSERT INTO credential_reveals (principal_id, credential_id)
  VALUES ('usr_02x5WlL3b6HLdzn0q4UrzQ', 'key_02x5WlL3b6LbOBBz3GUGci');
INSERT INTO notices (id, user_id, event, at, kind, target_type, target_id, name, reason, mail_at, mail_attempts)
  VALUES ('ntc_02x5WlL3b6S000000000Aa', 'usr_02x5WlL3b6HLdzn0q4UrzQ', 'evt_02x5WlL3b6S000000000Ab', 1720699765746, 'revoked', 'api_key', 'key_02x5WlL3b6LbOBBz3GUGci', 'Revoked', 'gone', NULL, 0);
INSERT INTO approvals (id, credential_id, state, demanded_by, justification, decided_at, decided_by, message)
  VALUES ('apr_02x5WlL3b6U000000000Aa', 'key_02x5WlL3b6JpUlm4xleqrL', 'approved', 'server', 'the nightly export', 1720699765747, 'usr_02x5WlL3b6HLdzn0q4UrzQ', 'fine');
INSERT INTO calendars (user_id, hash, created_at, covers_organizations)
  VALUES ('usr_02x5WlL3b6HLdzn0q4UrzQ', x'8c409cedabdd840c6c523a75de881b417a10b1472b66681ac3b50c18dc1a2ed7', 1720699765746, 1);
INSERT INTO access_reviews (id, organization_id, from_at, to_at, created_at, created_by)
  VALUES ('rvw_02x5WlL3b6W000000000Aa', NULL, 1720699765746, 1720699765746, 1720699765746, 'usr_02x5WlL3b6HLdzn0q4UrzQ');
INSERT INTO access_review_lines (id, review_id, kind, owner_type, owner_id, owner_name, target_id, name, stated, decision)
  VALUES ('rvl_02x5WlL3b6W000000000Ab', 'rvw_02x5WlL3b6W000000000Aa', 'api_key', 'user', 'usr_02x5WlL3b6HLdzn0q4UrzQ', 'ada', 'key_02x5WlL3b6JpUlm4xleqrL', 'Plain', '{}', NULL);
INSERT INTO saved_views (id, user_id, name, filters)
  VALUES ('vew_02x5WlL3b6W000000000Ac', 'usr_02x5WlL3b6HLdzn0q4UrzQ', 'soon', 'state=active');
INSERT INTO role_requests (id, user_id, role_id, role_name, organization_id, justification, state, requested_at)
  VALUES ('rrq_02x5WlL3b6Y000000000Aa', 'usr_02x5WlL3b6HLdzn0q4UrzQ', 'rol_02x5WlL3b6GdgdDqnsAIss', 'reader', NULL, 'for the audit', 'pending', 1720699765747);
INSERT INTO object_roles (principal_id, organization_id, role_id, object)
  VALUES ('usr_02x5WlL3b6HLdzn0q4UrzQ', '', 'rol_02x5WlL3b6GdgdDqnsAIss', 'repo:acme/*');
