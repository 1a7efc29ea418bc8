-- What the report counts costs with: the price of each plan for a month, and
-- the team that a service is of, by its name.  The prices are made up.  Put
-- yours in, and run it again.

CREATE SCHEMA IF NOT EXISTS prices;

CREATE TABLE IF NOT EXISTS prices.plans (
  service_type text NOT NULL DEFAULT '%',    -- a pattern of LIKE
  plan text NOT NULL,
  monthly numeric NOT NULL,
  PRIMARY KEY (service_type, plan)
);
CREATE TABLE IF NOT EXISTS prices.teams (
  pattern text PRIMARY KEY,                  -- of LIKE; the longest that fits counts
  team text NOT NULL
);

INSERT INTO prices.plans VALUES
  ('%', 'hobbyist-2', 24),
  ('%', 'startup-4', 86),
  ('%', 'startup-8', 168),
  ('%', 'business-4', 190),
  ('%', 'business-8', 370),
  ('%', 'premium-8', 560),
  ('kafka', 'startup-4', 230)
ON CONFLICT (service_type, plan) DO UPDATE SET monthly = excluded.monthly;

INSERT INTO prices.teams VALUES
  ('pg-%', 'Billing'), ('mysql-%', 'Shop'), ('kafka-%', 'Data'), ('clickhouse-%', 'Data'),
  ('opensearch-%', 'Search'), ('grafana-%', 'Operations'), ('thanos-%', 'Operations')
ON CONFLICT (pattern) DO UPDATE SET team = excluded.team;
