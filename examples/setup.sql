-- What a user types once.  The demo's simulator stands in for the API here;
-- without the endpoint option the server is the real one.

\getenv endpoint DBAAS_SIM_ENDPOINT
\getenv api_key DBAAS_SIM_API_KEY
\getenv api_secret DBAAS_SIM_API_SECRET

CREATE EXTENSION dbaas_fdw;

CREATE SERVER exoscale FOREIGN DATA WRAPPER dbaas_fdw
  OPTIONS (endpoint :'endpoint');

CREATE USER MAPPING FOR CURRENT_USER SERVER exoscale
  OPTIONS (api_key :'api_key', api_secret :'api_secret');

CREATE SCHEMA exo;
IMPORT FOREIGN SCHEMA dbaas FROM SERVER exoscale INTO exo;
