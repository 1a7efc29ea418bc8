# Statements of Grafana, Metabase and PostgREST, in statements/*.sql, and how many requests
# each may make.  The lists of their catalogues make none

use strict;
use warnings;

use DBI;
use DbaasTest;
use JSON::PP                qw(decode_json);
use PostgreSQL::Test::Utils qw(slurp_file);
use Test::More;

my $t = DbaasTest->new(services => 8, logs => 1200, operation_time => 0);
my $node = $t->node;

# The role that a request over HTTP takes
my $key = DbaasTest::options_clause(api_key => $t->sim->key, api_secret => $t->sim->secret);
$t->sql(
	qq{
	CREATE ROLE web;
	CREATE USER MAPPING FOR web SERVER exoscale $key;
	GRANT USAGE ON SCHEMA exo TO web;
	GRANT SELECT ON ALL TABLES IN SCHEMA exo TO web});

# A part of the file is a statement below comments: a title, and what it needs.  One without a
# title goes on with what the one before has begun
sub statements
{
	my ($tool) = @_;
	my $text = slurp_file("$ENV{TESTDIR}/test/clients/statements/$tool.sql");
	my (@statements, $title);
	foreach my $part (split /^\n(?=--)/m, $text)
	{
		my (%needs, @words);
		while ($part =~ s/^-- (.*)\n//)
		{
			my $line = $1;
			if   ($line =~ /^(requests|values): (.*)/) { $needs{$1} = $2 }
			else                                       { push @words, $line }
		}
		$title = $words[0] if @words;
		push @statements, { %needs, title => $title, sql => $part } if $part =~ /\S/;
	}
	return @statements;
}

sub connection
{
	my ($user) = @_;
	return DBI->connect('dbi:Pg:dbname=postgres;host=' . $node->host . ';port=' . $node->port,
		$user, '', { PrintError => 0, PrintWarn => 0, pg_placeholder_dollaronly => 1 });
}

foreach my $tool (qw(grafana metabase postgrest))
{
	my $client = connection('postgres');
	# The first statement of a session, with each user mapping, asks for the zones
	$client->do($_)
	  foreach 'SELECT FROM exo.dbaas_services', 'SET ROLE web',
	  'SELECT FROM exo.dbaas_services', 'RESET ROLE';
	foreach my $statement (statements($tool))
	{
		my $name = "$tool: $statement->{title}";
		my ($verb) = $statement->{sql} =~ /^(\w+)/;
		my @values = @{ decode_json($statement->{values} // '[]') };
		$t->sim->clear;
		my $handle = $client->prepare($statement->{sql});
		my $done = $handle->execute(@values);
		$handle->fetchall_arrayref if $done && $handle->{NUM_OF_FIELDS};
		ok($done, "$name, $verb") or diag($client->errstr);
		my @requests = map { "$_->{method} $_->{zone} $_->{path}" } $t->sim->requests;
		cmp_ok(scalar @requests, '<=', $statement->{requests}, "$name, $verb: requests")
		  or diag(join "\n", @requests);
	}
	$client->disconnect;
}

# As doc/recipes.md says: lists alone, and a limit
$t->sql(
	qq{
	CREATE ROLE metabase;
	CREATE USER MAPPING FOR metabase SERVER exoscale $key;
	GRANT USAGE ON SCHEMA exo TO metabase;
	GRANT SELECT ON exo.dbaas_services, exo.dbaas_logs TO metabase;
	ALTER ROLE metabase LOGIN;
	ALTER ROLE metabase SET dbaas_fdw.request_limit = 10});
my $limited = connection('metabase');
foreach my $statement (grep { $_->{title} =~ /^(?:Scan|Fingerprints)/ } statements('metabase'))
{
	my $logs = $statement->{sql} =~ /dbaas_logs/;
	$t->sim->clear;
	my $done = $limited->do($statement->{sql});
	is($limited->state, $logs ? '53400' : '', "request_limit: $statement->{title}");
	cmp_ok(scalar $t->sim->requests, '<=', 11, 'and no more requests are made');
}

done_testing();
