-- What bench.growth_filling runs, one after another. Parameters stand as %(name)s; {names} and {values} are the columns
-- of which nothing is said here. A row g of n, oldest first: three of twenty ask a person, one of twenty is a write at
-- once, one in 33 failed; the newest requests still wait. Places below zero are the agents of the MSP that is measured,
-- which has a tenth of all calls.

INSERT INTO approvals_invocation (
  id, msp_id, agent_id, agent_key_id, connection_id, tool, policy, is_write, status, call_digest, digest, consent,
  approvals_needed, approvals_given, device_id, device_name, organization_id, organization_name, created_at, expires_at,
  decided_at, release_by, dispatch_started_at, finished_at, result, result_removed_at, reason, {names}
)
SELECT
  gen_random_uuid(), msp, agent, key, CASE WHEN place < 0 THEN %(connection)s::uuid END,
  CASE WHEN asks OR writes THEN 'ninjaone:ninja-reboot-device'
    ELSE (ARRAY['ninjaone:ninja-get-device', 'ninjaone:ninja-list-devices', 'ninjaone:ninja-list-alerts',
      'ninjaone:ninja-get-device-software'])[1 + g %% 4] END,
  CASE WHEN asks THEN 'approval_needed' ELSE 'auto' END, asks OR writes, ends, hash || hash,
  CASE WHEN asks THEN 'sha256:' || hash || hash ELSE '' END, CASE WHEN asks THEN %(consent)s ELSE '' END,
  asks::int, (asks AND ends IN ('succeeded', 'failed'))::int,
  device, CASE WHEN device IS NULL THEN '' ELSE 'DEVICE-' || device END,
  CASE WHEN g %% 5 < 3 THEN 1 + g %% 20 END, CASE WHEN g %% 5 < 3 THEN 'Customer ' || g %% 20 ELSE '' END,
  at,
  CASE WHEN asks THEN CASE WHEN ends = 'pending_approval' THEN now() + interval '1 day' ELSE at + interval '1 hour' END END,
  CASE WHEN asks AND ends IN ('succeeded', 'failed', 'denied') THEN at + interval '4 minutes' END,
  CASE WHEN asks AND ends IN ('succeeded', 'failed') THEN at + interval '14 minutes' END,
  CASE WHEN ends IN ('succeeded', 'failed') THEN at + interval '4 minutes' END,
  CASE WHEN ends <> 'pending_approval' THEN at + interval '5 minutes' END,
  CASE WHEN ends = 'succeeded' AND at > now() - interval '30 days' THEN %(result)s END,
  CASE WHEN ends = 'succeeded' AND at <= now() - interval '30 days' THEN now() END,
  CASE WHEN asks THEN 'Ticket ' || g %% 9999 || ': asked for by the helpdesk' ELSE '' END, {values}
FROM (
  SELECT g, t.*, g %% 20 < 3 AS asks, g %% 20 = 3 AS writes, md5(g::text) AS hash,
    -- One device has a seventh of the calls.
    CASE WHEN g %% 7 = 0 THEN 17 WHEN g %% 5 < 3 THEN 1 + g %% 500 END AS device,
    -- The newest minutes are left to the measurement.
    now() - interval '10 minutes' - interval '400 days' * (1 - g::float8 / %(calls)s) AS at,
    CASE
      WHEN g %% 20 < 3 AND g > %(calls)s - CASE WHEN place < 0 THEN %(waiting)s ELSE %(calls)s / 100 END
        THEN 'pending_approval'
      WHEN g %% 33 = 0 THEN 'failed'
      WHEN g %% 20 >= 3 THEN 'succeeded'
      ELSE (ARRAY['succeeded', 'succeeded', 'succeeded', 'denied', 'expired'])[1 + g / 200 %% 5]
    END AS ends
  FROM generate_series(1, %(calls)s) g
  JOIN bench_tenants t
    ON t.place = CASE WHEN g / 20 %% 10 = 0 THEN -1 - g %% 2 ELSE g::bigint * 7919 %% %(others)s END
) calls;

INSERT INTO approvals_attempt (
  id, msp_id, invocation_id, number, is_write, started_at, finished_at, upstream_status, upstream_request_id, error_code
)
SELECT gen_random_uuid(), msp_id, id, 1, true, dispatch_started_at, finished_at, 204, '', ''
FROM approvals_invocation WHERE is_write AND dispatch_started_at IS NOT NULL;

INSERT INTO approvals_decision (
  id, msp_id, invocation_id, user_id, verdict, digest, reason_code, comment, acceptable, asked_at, decided_at
)
SELECT gen_random_uuid(), msp_id, id, %(approver)s, CASE WHEN status = 'denied' THEN 'denied' ELSE 'approved' END,
  digest, '', '', '', created_at, decided_at
FROM approvals_invocation WHERE decided_at IS NOT NULL;

-- Three entries for each write, as long as real ones are; nobody verifies these.
INSERT INTO integrations_auditevent (
  id, msp_id, number, happened_at, action, actor, subject, record, previous_hash, hash, seal
)
SELECT gen_random_uuid(), i.msp_id,
  h.number + row_number() OVER (PARTITION BY i.msp_id ORDER BY i.created_at, i.id, s), i.created_at,
  'invocation.requested', 'agent bench', 'invocation ' || i.id, %(record)s, repeat(md5(i.id::text || s), 2),
  repeat(md5(i.id::text || s + 1), 2), repeat(md5(i.call_digest), 2)
FROM approvals_invocation i JOIN integrations_audithead h ON h.msp_id = i.msp_id, generate_series(1, 3) s
WHERE i.is_write;

UPDATE integrations_audithead h SET number = e.number, hash = e.hash
FROM integrations_auditevent e, (
  SELECT msp_id, max(number) AS number FROM integrations_auditevent GROUP BY msp_id
) newest
WHERE newest.msp_id = h.msp_id AND e.msp_id = h.msp_id AND e.number = newest.number;
