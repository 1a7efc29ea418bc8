-- One organisation more, on the coordinator.  Between machines: host and port,
-- a password in the user mapping, and sslmode 'verify-full'.

CREATE SERVER :"organisation" FOREIGN DATA WRAPPER postgres_fdw
  OPTIONS (host :'host', port :'port', dbname 'postgres',
    async_capable 'true',          -- all nodes work at the same time
    use_remote_estimate 'true',    -- the node's own EXPLAIN says what a scan costs,
    fdw_startup_cost '1000',       -- and each statement there may wait for the API
    fetch_size '1000',             -- rows for each round trip
    updatable 'false', truncatable 'false',
    connect_timeout '5', keepalives_idle '10', tcp_user_timeout '30000');

CREATE USER MAPPING FOR CURRENT_USER SERVER :"organisation"
  OPTIONS (user 'coordinator', password_required 'false');

CALL fleet.add(:'organisation');
