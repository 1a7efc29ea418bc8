# dbaas_fdw_collect() keeps each sample once: what is new, what the API corrects, what
# lies between two collections, and when the API's clock is another one.
use strict;
use warnings;

use DbaasHistory;
use DbaasTest;
use JSON::PP ();
use POSIX    ();
use Test::More;

my $t = DbaasTest->new(zones => 1, services => 1, logs => 0, conf => "timezone = 'Asia/Tokyo'\n");
my $sim = $t->sim;
my $json = JSON::PP->new->canonical->allow_nonref;
my $path = '/dbaas-service-metrics/pg-1-0001';
my $h;

# Where the API's time begins: years from ours
my $epoch = 1_699_000_000 - 1_699_000_000 % 86400;

sub at { return POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime($epoch + 60 * $_[0])) }

# A response with samples of one metric and node, as [minute, value] each
sub response
{
	my (@samples) = @_;
	my @rows = map { [ at($_->[0]), $_->[1] ] } @samples;
	my @cols = ({ label => 'time', type => 'date' }, { label => 'n-1', type => 'number' });
	return $json->encode(
		{
			metrics => {
				cpu_usage =>
				  { data => { cols => \@cols, rows => \@rows }, hints => { title => 'CPU' } }
			}
		});
}

# The next requests for metrics get these responses
sub respond
{
	my (@responses) = @_;
	$sim->clear_faults;
	$sim->fault(map { { path => $path, action => 'answer', body => response(@$_) } } @responses);
	return;
}

# Samples of an hour that ends at that minute, or of more than an hour, as far as "from" says
sub span
{
	my ($from, $to, $step, $value) = @_;
	return [ map { [ $_ * $step, $value ] } int($from / $step) .. int($to / $step) ];
}

sub kept
{
	my ($where) = @_;
	return $t->sql(
		"SELECT count(*), count(DISTINCT time),
			extract(epoch FROM min(time)) / 60 - $epoch / 60,
			extract(epoch FROM max(time)) / 60 - $epoch / 60, min(value), max(value)
		FROM hist.metrics WHERE service_name = 'pg-1-0001' AND " . ($where // 'true')
	) =~ s/(\.\d*?)0+\b/$1/gr =~ s/\.(?=\||$)//gr;
}

sub partitions
{
	return $t->sql(
		q{SELECT string_agg(right(p.relid::text, 7), ' ' ORDER BY p.relid::text)
		FROM pg_partition_tree('hist.metrics') AS p WHERE p.isleaf});
}

sub periods
{
	return join ' ', map { $_->{body} =~ /"period":"(\w+)"/ ? $1 : '-' }
	  grep { $_->{path} eq $path } $h->requests;
}

sub within { my ($from, $to) = @_; return "time BETWEEN '${\at($from)}' AND '${\at($to)}'" }

$h = DbaasHistory->new($t);
$t->sql(q{UPDATE hist.keep SET enabled = relation = 'metrics'});

# The first run: a day back from the API's newest sample
respond(span(10_000, 10_059, 1, 1), span(10_059 - 1440, 10_055, 5, 5));
is($h->collect, '', 'a first run says nothing');
is(periods(), 'hour day', 'it reads the hour, and the day');
is(kept(within(10_000, 10_059)), '60|60|10000|10059|1|1', 'the hour');
is(kept(within(0, 9999)), '276|276|8620|9995|5|5', 'and what lies before it, a day back');
is( $t->sql(
		q{SELECT extract(epoch FROM sampled) / 60 FROM hist.cursors
		WHERE service_name = 'pg-1-0001'}) - $epoch / 60,
	10_059,
	'the cursor is at the newest sample');

# Nothing new
respond(span(10_000, 10_059, 1, 1));
$h->collect;
is(periods(), 'hour', 'nothing is new: that is one request');
is($h->added, '', 'and no row');

# A few new ones, one of them missing yet, and one that is corrected
my @hour = @{ span(10_010, 10_069, 1, 1) };
$hour[5][1] = 7;
$hour[-1][1] = undef;
$hour[20][1] = undef;
respond(\@hour);
$h->collect;
is($h->added, 'metrics 10', 'new samples are added, and a corrected one');
is(kept(within(10_015, 10_015)), '1|1|10015|10015|7|7', 'it is corrected');
is(kept(within(10_069, 10_069)), '0|0||||', 'a missing one is no row');
is(kept(within(10_030, 10_030)), '1|1|10030|10030|1|1', 'one that is missing now stays');
respond(span(10_011, 10_070, 1, 1));
$h->collect;
is($h->added, 'metrics 3', 'what was missing comes later');

# What has not changed is neither written nor locked
$t->sql('VACUUM hist.metrics_2023_11');
my $tuples = q{SELECT string_agg(ctid || ' ' || xmin || ' ' || xmax, ',' ORDER BY time)
	FROM hist.metrics_2023_11};
my $before = $t->sql($tuples);
respond(span(10_011, 10_070, 1, 1));
$h->collect;
is($t->sql($tuples), $before, 'samples that did not change are not touched');

# Three hours later: the day has what lies between
respond(span(10_200, 10_259, 1, 1), span(10_259 - 1440, 10_255, 5, 5));
$h->collect;
is(periods(), 'hour day', 'after some hours the day is read too');
is(kept(within(10_071, 10_259)), '85|85|10075|10259|1|5', 'it fills the gap');
is(kept(within(10_071, 10_199)), '25|25|10075|10195|5|5', 'without doubling what is finer');
respond(span(10_201, 10_260, 1, 1));
$h->collect;
is(periods(), 'hour', 'then the hour is enough');

# Nine days later
my $now = 10_260 + 9 * 1440;
respond(
	span($now - 59, $now, 1, 1),
	span($now - 1440, $now, 5, 5),
	span($now - 7 * 1440, $now, 60, 60),
	span($now - 30 * 1440, $now, 360, 360));
$h->collect;
is(periods(), 'hour day week month', 'after nine days the week and the month are read too');
is( $t->sql(
			q{SELECT value, count(*) FROM hist.metrics WHERE service_name = 'pg-1-0001' AND }
		  . within(10_261, $now)
		  . ' GROUP BY value ORDER BY value'),
	join("\n", '1|60', '5|277', '60|144', '360|8'),
	'each fills what no finer one has');
is( $t->sql(
		q{SELECT count(*) FROM (SELECT value, lag(value) OVER (ORDER BY time) AS finer
			FROM hist.metrics WHERE service_name = 'pg-1-0001' AND }
		  . within(10_261, $now) . q{) AS s
		WHERE finer < value}),
	0,
	'one after the other');

# A period that fails: nothing of the service is kept, so that the gap stays to be filled
my $count = kept();
$now += 300;
$sim->clear_faults;
$sim->fault(
	{ path => $path, action => 'answer', body => response(@{ span($now - 59, $now, 1, 1) }) },
	{ path => $path, action => 'status', status => 400 });
like($h->collect, qr/ met 1 failures and 0 gaps/, 'a period fails');
is(kept(), $count, 'and the service is as it was');
respond(span($now - 59, $now, 1, 1), span($now - 1440, $now, 5, 5));
$h->collect;
is( kept(within($now - 299, $now - 60)),
	'48|48|' . ($now - 295) . '|' . ($now - 60) . '|5|5',
	'then the gap is filled');

# A service that sleeps: its samples are missing
respond([ map { [ $now - 59 + $_, undef ] } 200 .. 259 ], span($now - 1240, $now + 200, 5, undef));
$h->collect;
$count = kept();
respond([ map { [ $now - 59 + $_, undef ] } 201 .. 260 ]);
$h->collect;
is(periods(), 'hour', 'a service that sleeps is asked once');
is(kept(), $count, 'and has no rows');

# A new month
$now += 31 * 1440;
respond(
	span($now - 59, $now, 1, 1),
	span($now - 10, $now, 5, 5),
	span($now - 10, $now, 60, 60),
	span($now - 10, $now, 360, 360),
	span($now - 10, $now, 1440, 1440));
is($h->collect, '', 'a month without a partition');
is(kept(within($now - 59, $now)), '60|60|' . ($now - 59) . "|$now|1|1", 'gets one');
is(partitions(), '2023_11 2023_12 2024_01', 'and the next month too');

# Retention
$t->sql(q{UPDATE hist.keep SET retention = '1 day' WHERE relation = 'metrics'});
my $reader = $t->session;
$reader->sql('BEGIN; SELECT count(*) FROM hist.metrics');
respond(span($now - 59, $now, 1, 1));
is($h->collect, '', 'a partition that is being read');
is(partitions(), '2023_11 2023_12 2024_01', 'stays');
$reader->sql('COMMIT');
respond(span($now - 59, $now, 1, 1));
is($h->collect, '', 'until the next run');
is(kept(q{time < '2023-12-01 UTC'}), '0|0||||', 'whole months go');
is(partitions(), '2023_12 2024_01', 'with their partitions');

# A service that is made later, in the minute of its first sample, or after it
$sim->clear_faults;
$t->sql(q{UPDATE hist.keep SET retention = NULL});
foreach my $made (1, 0)
{
	$t->sql("TRUNCATE hist.metrics; UPDATE hist.cursors SET sampled = '-infinity', created_at = '"
		  . ($made ? at($now - 10) =~ s/00Z/30Z/r : at($now - 10))
		  . q{'});
	respond(span($now - 10, $now, 1, 1));
	$sim->fault(
		{
			path => '/dbaas-service',
			action => 'merge',
			patch => {
				'dbaas-services' => [
					{
						%{ $sim->get('/dbaas-service')->{json}{'dbaas-services'}[0] },
						'created-at' => $made ? at($now - 10) =~ s/00Z/30Z/r : at($now - 10)
					}
				]
			}
		});
	$h->collect;
	is(periods(), 'hour', 'of a service that is new the hour is enough');
	is(kept(), '11|11|' . ($now - 10) . "|$now|1|1", 'and all its samples are kept');
}

# All
$t->sql(
	q{UPDATE hist.keep SET first = NULL, retention = NULL WHERE relation = 'metrics';
	TRUNCATE hist.metrics, hist.cursors, hist.runs});
respond(
	span($now - 59, $now, 1, 1),
	span($now - 1440, $now, 5, 5),
	span($now - 7 * 1440, $now, 60, 60),
	span($now - 30 * 1440, $now, 360, 360),
	span($now - 365 * 1440, $now, 1440, 1440));
$h->collect;
is(periods(), 'hour day week month year', 'without a bound a first run reads all periods');
is( $t->sql(
		q{SELECT count(*) = count(DISTINCT (zone, service_name, metric, node, time)),
		max(time) - min(time) > '360 days' FROM hist.metrics WHERE service_name = 'pg-1-0001'}),
	't|t',
	'and keeps a year');

done_testing();
