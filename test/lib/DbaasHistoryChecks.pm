package DbaasHistoryChecks;

=head1 NAME

DbaasHistoryChecks - a history beside the ledger of a DbaasHistoryApi

=head1 SYNOPSIS

    my $checks = DbaasHistoryChecks->new($api, $directory);

    my $kept = $checks->sampled($session);      # before a run without any fault
    $api->do(settle => $kept);                  # after it
    $checks->load($session);
    my %wrong = $checks->wrong($session);       # name of a check => what is wrong
    my %doubled = $checks->wrong($session, qr/^no entry/);

=head1 DESCRIPTION

C<load> puts the ledger into the schema truth.  C<wrong> compares the schema hist with it, and
changes nothing: a test may do harm to the history in a transaction, and look whether it shows.

=head1 METHODS

=over

=item new($api, $directory, %options)

The directory must be one that the server can read.  Option details: the details and backups are
read by every run.

=item sampled($session)

Of each service the newest sample that the history has, by zone and name.

=item unread($session)

How many services have entries that come after the cursor that the history has.

=item load($session), wrong($session, $which)

See above.

=back

=cut

use strict;
use warnings;

my $logs = 'zone, service_name, time, node, unit, message FROM hist.logs';
my $entries = 'zone, service_name, time, node, unit, message FROM truth.entries';
my $tag = q{concat(plan, '|', state, '|', termination_protection::text, '|', disk_size, '|',
	notifications->0->>'message', '|', extract(epoch FROM created_at)::bigint)};
my $gaps = q{(SELECT p->>'zone' AS zone, p->>'service_name' AS service_name,
		(p->>'gap_from')::timestamptz AS gap_from, (p->>'gap_to')::timestamptz AS gap_to
	FROM hist.runs, jsonb_array_elements(problems) AS p
	WHERE p->>'relation' = 'logs' AND (p ? 'gap_from' OR p ? 'gap_to')) AS gap};

# What tells a row of each table of versions from the others
my %key = (
	services => 'zone, name',
	details => 'zone, service_name',
	integrations => 'zone, id',
	backups => 'zone, service_name, backup_name');

# Each query returns what is wrong
my %checks = (
	'every entry is kept' => "SELECT $entries WHERE fate = 'must' EXCEPT ALL SELECT $logs",

	'no entry is kept twice' => "SELECT $logs EXCEPT ALL SELECT $entries",

	'what a log gave up unread lies in a gap' => qq{
		SELECT * FROM (SELECT $entries WHERE fate IN ('must', 'lost')
			EXCEPT ALL SELECT $logs) AS lost
		WHERE NOT EXISTS (SELECT FROM $gaps
			WHERE gap.zone = lost.zone AND gap.service_name = lost.service_name
			AND lost.time >= coalesce(gap_from - interval '1 second', '-infinity')
			AND lost.time <= coalesce(gap_to + interval '1 second', 'infinity'))},

	'a gap is where a log gave something up' => qq{
		SELECT * FROM $gaps
		WHERE (zone, service_name) NOT IN (SELECT zone, service_name FROM truth.broken)},

	'samples are kept, as they are now' => q{
		SELECT r.*, m.value AS kept FROM truth.required r
		LEFT JOIN hist.metrics m USING (zone, service_name, metric, node, time)
		WHERE m.value IS NULL OR m.value <> r.value},

	'no sample is kept that was not shown' => q{
		SELECT m.* FROM hist.metrics m
		LEFT JOIN truth.shown s USING (zone, service_name, metric, node, time)
		WHERE s.shown IS NULL OR m.value IS NULL OR m.value <> ALL (s.shown)},

	'no sample is kept twice' => q{
		SELECT zone, service_name, metric, node, time, count(*) FROM hist.metrics
		GROUP BY 1, 2, 3, 4, 5 HAVING count(*) > 1},

	'the services that there are are open, as they are' => qq{
		(SELECT 'missing', zone, name, tag FROM truth.services
			EXCEPT ALL SELECT 'missing', zone, name, $tag FROM hist.services WHERE valid_to IS NULL)
		UNION ALL
		(SELECT 'too many', zone, name, $tag FROM hist.services WHERE valid_to IS NULL
			EXCEPT ALL SELECT 'too many', zone, name, tag FROM truth.services)},

	'integrations are open where there are services' => q{
		WITH there AS (SELECT zone, name AS source, min(name) OVER (PARTITION BY zone) AS dest
			FROM truth.services),
		kept AS (SELECT zone, source, dest FROM hist.integrations WHERE valid_to IS NULL)
		(SELECT 'missing', * FROM there WHERE source <> dest
			EXCEPT ALL SELECT 'missing', * FROM kept)
		UNION ALL
		(SELECT 'too many', * FROM kept EXCEPT ALL SELECT 'too many', * FROM there)},

	'each service has its cursor' => q{
		SELECT * FROM truth.services s
		LEFT JOIN hist.cursors c ON c.zone = s.zone AND c.service_name = s.name
		CROSS JOIN LATERAL (SELECT max(time) AS newest FROM hist.metrics m
			WHERE m.zone = s.zone AND m.service_name = s.name) AS m
		WHERE c.zone IS NULL OR c.created_at <> s.created_at
		OR s.sampled IS NOT NULL AND (c.sampled IS NULL OR c.sampled < s.sampled)
		OR c.sampled > coalesce(m.newest, c.created_at, '-infinity')
		OR (s.newest @> c.newest) IS NOT TRUE AND s.newest IS NOT NULL},

	'no service has two cursors' => q{
		SELECT zone, service_name, count(*) FROM hist.cursors GROUP BY 1, 2 HAVING count(*) > 1},

	'a run has an end, or was killed' => q{
		SELECT * FROM hist.runs WHERE ended_at IS NULL AND id = (SELECT max(id) FROM hist.runs)},);

foreach my $table (keys %key)
{
	$checks{"versions of $table follow each other"} = qq{
		SELECT $key{$table}, valid_from, valid_to, next FROM (SELECT *, lead(valid_from) OVER
			(PARTITION BY $key{$table} ORDER BY valid_from, valid_to NULLS LAST) AS next
			FROM hist.$table) AS v
		WHERE valid_from IS NULL OR valid_to <= valid_from OR next < valid_to
		OR (valid_to IS NULL AND next IS NOT NULL)};

	# What changes by itself, and in a test all that the details say of nodes does
	$checks{"a version of $table is a change"} = qq{
		SELECT $key{$table}, valid_from, what FROM (SELECT *,
			lag(what) OVER w AS before, lag(valid_to) OVER w AS ended
			FROM (SELECT *, to_jsonb(v) - '{valid_from,valid_to,updated_at}'::text[]
					#- '{details,updated-at}' #- '{details,node-states}' AS what
				FROM hist.$table AS v) AS v
			WINDOW w AS (PARTITION BY $key{$table} ORDER BY valid_from)) AS v
		WHERE ended = valid_from AND what = before};
}

# Where each run reads them
my %details_checks = (
	'the details that there are are open, as they are' => q{
		(SELECT 'missing', zone, name, version FROM truth.services EXCEPT ALL
			SELECT 'missing', zone, service_name, version FROM hist.details WHERE valid_to IS NULL)
		UNION ALL
		(SELECT 'too many', zone, service_name, version FROM hist.details WHERE valid_to IS NULL
			EXCEPT ALL SELECT 'too many', zone, name, version FROM truth.services)},

	'the backups that there are are open' => q{
		WITH there AS (SELECT zone, name, unnest(backups) AS backup FROM truth.services),
		kept AS (SELECT zone, service_name, backup_name FROM hist.backups WHERE valid_to IS NULL)
		(SELECT 'missing', * FROM there EXCEPT ALL SELECT 'missing', * FROM kept)
		UNION ALL
		(SELECT 'too many', * FROM kept EXCEPT ALL SELECT 'too many', * FROM there)},);

sub new
{
	my ($class, $api, $directory, %options) = @_;
	return bless { api => $api, directory => $directory, %options }, $class;
}

sub sampled
{
	my ($self, $session) = @_;
	my %sampled;
	my $rows = $session->sql(
		q{SELECT zone, service_name, extract(epoch FROM max(time))::bigint
		FROM hist.metrics GROUP BY 1, 2});
	foreach my $row (split /\n/, $rows)
	{
		my ($zone, $name, $time) = split /\|/, $row;
		$sampled{$zone}{$name} = 0 + $time;
	}
	return \%sampled;
}

sub load
{
	my ($self, $session) = @_;
	$self->{seen} = $self->{api}->do(dump => $self->{directory});
	$session->sql(
		q{
		SET client_min_messages = warning;
		DROP SCHEMA IF EXISTS truth CASCADE;
		CREATE SCHEMA truth;
		CREATE TABLE truth.entries (zone text, service_name text, fate text, time timestamptz,
			node text, unit text, message text);
		CREATE TABLE truth.required (zone text, service_name text, metric text, node text,
			time timestamptz, value float8);
		CREATE TABLE truth.shown (zone text, service_name text, metric text, node text,
			time timestamptz, shown float8[]);
		CREATE TABLE truth.services (zone text, name text, created_at timestamptz, tag text,
			backups text[], version text, newest tstzrange, sampled timestamptz);
		CREATE TABLE truth.broken (zone text, service_name text)}
	);
	foreach my $table (qw(entries required shown services broken))
	{
		$session->sql("COPY truth.$table FROM '$self->{directory}/$table' (ENCODING 'UTF8')");
	}
	$session->sql('ANALYZE truth.entries, truth.required, truth.shown');
	return;
}

sub wrong
{
	my ($self, $session, $which) = @_;
	my %all = (%checks, $self->{details} ? %details_checks : ());
	my %wrong;

	foreach my $name (grep { !defined $which || $_ =~ $which } sort keys %all)
	{
		my $rows =
		  $session->sql("SELECT left(x::text, 400) FROM ($all{$name}) AS x ORDER BY 1 LIMIT 5");
		$wrong{$name} = $rows if $rows ne '';
	}
	my %own = (
		'states are in the order in which they were seen' => \&_out_of_order,
		'each cursor stands where nothing is left' => \&_cursors);
	foreach my $name (grep { !defined $which || $_ =~ $which } sort keys %own)
	{
		my @rows = $own{$name}->($self, $session);
		$wrong{$name} = join "\n", @rows[ 0 .. ($#rows > 4 ? 4 : $#rows) ] if @rows;
	}
	return %wrong;
}

# The versions of a service, with '' where it was not there, have to be among what the lists showed,
# in that order
sub _out_of_order
{
	my ($self, $session) = @_;
	my (%versions, %last, @wrong);
	my $rows = $session->sql(
		qq{SELECT zone || ' ' || name, valid_from, coalesce(valid_to::text, ''), $tag
		FROM hist.services ORDER BY zone, name, valid_from});

	foreach my $row (split /\n/, $rows)
	{
		my ($service, $from, $to, $version) = split /\|/, $row, 4;
		my $versions = $versions{$service} //= [];
		push @$versions, '' if defined $last{$service} && $last{$service} ne $from;
		# One that differs in its integrations alone is the same here
		push @$versions, $version if !@$versions || $versions->[-1] ne $version;
		$last{$service} = $to;
	}
	foreach my $service (sort keys %versions)
	{
		my ($zone, $name) = split / /, $service;
		my @seen = @{ $self->{seen}{$zone}{$name} // [] };
		push @{ $versions{$service} }, '' if $last{$service} ne '';
		foreach my $version (@{ $versions{$service} })
		{
			shift @seen while @seen && $seen[0] ne $version;
			next if @seen;
			push @wrong, "$service: not seen then: " . ($version || 'gone');
			last;
		}
	}
	return @wrong;
}

sub _cursors
{
	my ($self, $session) = @_;
	my @wrong;
	foreach my $cursor ($self->_left($session))
	{
		my ($service, $left) = @$cursor;
		push @wrong, "$service: " . ($left // 'refused') if !defined $left || $left != 0;
	}
	return @wrong;
}

sub unread
{
	my ($self, $session) = @_;
	return scalar grep { $_->[1] } $self->_left($session);
}

# Each cursor, and how many entries come after it; undef: it would be refused
sub _left
{
	my ($self, $session) = @_;
	my %there = map { ("@$_" => 1) } @{ $self->{api}->do('names') };
	my @left;
	my $rows = $session->sql('SELECT zone, service_name, log_offset FROM hist.cursors');
	foreach my $row (split /\n/, $rows)
	{
		my ($zone, $name, $cursor) = split /\|/, $row, 3;
		push @left, [ "$zone $name $cursor", $self->{api}->do(left => $zone, $name, $cursor) ]
		  if $there{"$zone $name"};
	}
	return @left;
}

1;
