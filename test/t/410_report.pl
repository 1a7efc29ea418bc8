# The report of examples/report: what a browser shows of it is what SQL says, whatever the names
# are; it asks nobody for anything and has no script; and it is there before there is anything to
# report.
use strict;
use warnings;

use DbaasTest;
use Encode qw(decode encode);
use IO::Socket::INET;
use IPC::Run ();
use Test::More;
use utf8;

my $t = DbaasTest->new(
	zones => 2,
	services => 8,
	logs => 10,
	lifelike => undef,
	conf => "timezone = 'Europe/Zurich'\nlc_numeric = 'C'\n");
my $dir = PostgreSQL::Test::Utils::tempdir();
my $source = "$ENV{TESTDIR}/examples/report";
my $browser = grep { -x "$_/chromium" || -x "$_/google-chrome" } split /:/, $ENV{PATH};

# Names as nobody has them, and as many as the list has
my @odd = (
	'<script>alert(1)</script>', q{"quoted" & 'quoted' &amp; &#39;},
	"\x{202e}backwards\x{1}\x{7}", '</title></svg><img src=x onerror=alert(3)>');

sub merge
{
	my ($path, $patch, $zone) = @_;
	$t->sim->fault(
		{
			action => 'merge',
			method => 'GET',
			path => $path,
			times => -1,
			patch => $patch,
			zone => $zone // 'ch-gva-2'
		});
	return;
}

# Runs the report, and returns the page; diagnostics of psql fail the test
sub report
{
	my ($database, $file, @variables) = @_;
	my ($page, $errors) = ('', '');
	IPC::Run::run(
		[
			qw(psql -X -q -At), (map { ('-v', $_) } @variables),
			'-f', "$source/report.sql",
			'-d', $t->node->connstr($database)
		],
		'>',
		\$page,
		'2>',
		\$errors);
	is($errors, '', "$file: psql says nothing");
	is($?, 0, "$file: and succeeds");
	PostgreSQL::Test::Utils::append_to_file("$dir/$file.html", $page);
	return decode('UTF-8', $page);
}

# ---------- reading a page ----------

# What the browser made of the page
sub dom
{
	my ($file, @options) = @_;
	my $errors = '';
	IPC::Run::run([ "$source/picture", "$dir/$file", "$dir/$file.dom", @options ], '2>', \$errors)
	  or diag($errors);
	return decode('UTF-8', PostgreSQL::Test::Utils::slurp_file("$dir/$file.dom"));
}

my %entity = (lt => '<', gt => '>', amp => '&', quot => '"', nbsp => "\x{a0}", '#39' => q{'});

sub shown
{
	my ($html) = @_;
	$html =~ s/<svg.*?<\/svg>//gs;
	$html =~ s/<[^>]*>//g;
	$html =~ s/&(lt|gt|amp|quot|nbsp|#39);/$entity{$1}/g;
	$html =~ s/\x{202f}/ /g;
	return $html =~ s/^\s+|\s+$//gr;
}

sub section
{
	my ($dom, $id) = @_;
	return $dom =~ m{<section id="$id">(.*?)</section>}s ? $1 : '';
}

# The rows of the bodies of tables, as psql shows rows.  Below the name of a service there may be
# more on it, which is behind it here
sub rows
{
	my ($html) = @_;
	my @rows;
	foreach my $row (map { m{<tr[^>]*>(.*?)</tr>}gs } $html =~ m{<tbody>(.*?)</tbody>}gs)
	{
		push @rows, join '|',
		  map { shown(s/<span class="detail">/ /r) } $row =~ m{<t[hd][ >].*?</t[hd]>}gs;
	}
	return join "\n", @rows;
}

sub empty
{
	return join '|', map { shown($_) } $_[0] =~ m{<p class="empty">(.*?)</p>}gs;
}
sub figure { return $_[0] =~ m{id="figure-$_[1]">(.*?)</dd>}s ? shown($1) : '' }

sub says
{
	my ($sql) = @_;
	return decode('UTF-8', $t->sql("SET TIME ZONE 'Europe/Zurich'; $sql"));
}

# ---------- what there is ----------

my @services = @{ $t->sim->get('/dbaas-service', zone => 'ch-gva-2')->{json}{'dbaas-services'} };
$services[$_]{name} = $odd[$_] foreach 0 .. $#odd;
$services[6]{state} = 'poweroff';
merge('/dbaas-service', { 'dbaas-services' => \@services });
merge('/dbaas-thanos/*', { 'ip-filter' => [ '0.0.0.0/0', '::/0', '192.0.2.0/24' ] });
merge(
	'/dbaas-grafana/*',
	{
		maintenance => {
			dow => 'monday',
			time => '03:00:00',
			updates => [
				{
					description => '</td><script>alert(2)</script> & "more"',
					deadline => '2031-01-02T03:04:05Z'
				}
			]
		}
	});
merge('/dbaas-*/*', { backups => [] }, 'de-fra-1');

# A history, of which every number is known
sub make_history
{
	my $odd = encode('UTF-8', $odd[0]);
	$t->sql(q{SELECT dbaas_fdw_views('exo'); SELECT dbaas_fdw_history('exo', 'a "history"')});
	$t->sql(
		qq{
	SET search_path = 'a "history"';
	CREATE TABLE metrics_of_all PARTITION OF metrics DEFAULT;
	-- Two nodes, of which the second is the busier one, and nothing from eight to six hours ago
	INSERT INTO metrics
	SELECT 'ch-gva-2', '$odd', m.name, 'node ' || node, now - n * interval '5 minutes',
		m.base + node + n % 20
	FROM (SELECT date_bin('5 minutes', now(), 'epoch') AS now) AS t,
		(VALUES ('cpu_usage', 40), ('mem_usage', 75), ('disk_usage', 10)) AS m (name, base),
		generate_series(1, 2) AS node, generate_series(0, 400) AS n
	WHERE n NOT BETWEEN 72 AND 96;
	-- One that fills by one percent a day
	INSERT INTO metrics
	SELECT 'de-fra-1', 'pg-2-0001', 'disk_usage', 'pg-2-0001-1', now - n * interval '1 hour',
		90 - n / 24.0
	FROM (SELECT date_bin('5 minutes', now(), 'epoch') AS now) AS t, generate_series(0, 160) AS n;
	INSERT INTO cursors (zone, service_name, sampled)
	SELECT zone, service_name, max(time) FROM metrics GROUP BY zone, service_name;
	INSERT INTO services
	SELECT (jsonb_populate_record(NULL::services, to_jsonb(s) || '{"valid_from": "2026-01-01"}')).*
	FROM exo.dbaas_services AS s;
	UPDATE services SET valid_from = now() - interval '10 days';
	UPDATE services SET valid_to = now() - interval '1 day'
	WHERE zone = 'de-fra-1' AND type = 'kafka';
	INSERT INTO services
	SELECT (jsonb_populate_record(s, jsonb_build_object('valid_from', valid_to, 'valid_to', NULL,
		'plan', '<b>"premium" & more</b>'))).*
	FROM services AS s WHERE valid_to IS NOT NULL;
	INSERT INTO runs (started_at, ended_at, requests, rows_added, failed, problems)
	SELECT now() - n * interval '1 hour', now() - n * interval '1 hour' + interval '7 seconds',
		1234, '{"services": 0, "logs": 1000, "metrics": 567}',
		CASE WHEN n = 1 THEN 3 ELSE 0 END, '[]'
	FROM generate_series(0, 200) AS n;
	CREATE SCHEMA prices;
	CREATE TABLE prices.plans (service_type text, plan text, monthly numeric);
	CREATE TABLE prices.teams (pattern text, team text);
	INSERT INTO prices.plans VALUES ('%', 'startup-4', 1000), ('kafka', 'startup-4', 1500.5),
		('%', 'startup-8', 2000), ('%', 'business-4', 3000), ('%', 'premium-8', 4000);
	INSERT INTO prices.teams VALUES ('%', 'R&D <"all">'), ('kafka-%', 'Data'),
		('kafka-1-0003', 'Nobody has it')});
	return;
}

make_history();
my $page;
my @sent = $t->requests(
	sub {
		$page = report('postgres', 'report', 'hist=a "history"', 'title=Ours & <theirs>');
	});
# What is not there is not kept: the services of odd names have no details
my %times;
$times{"$_->{method} $_->{zone} $_->{path}"}++ foreach grep { $_->{status} == 200 } @sent;
cmp_ok(scalar(keys %times), '>=', 2 + 16 - @odd, 'each service is asked about');
is(join("\n", grep { $times{$_} > 1 } sort keys %times), '', 'and nothing is asked twice');

# ---------- without a browser ----------

unlike($page, qr/<script|javascript:|<img|<iframe|<object|<embed/i, 'there is no script');
unlike($page, qr/<[^>]*\son\w+\s*=/i, 'nor a handler of an event');
is( join(' ', $page =~ m{\b(?:https?:)?//[^\s"<]+}g),
	'http://www.w3.org/1999/xhtml',
	'there is no address but that of the name space');
unlike($page, qr/<[^>]*\s(?:src|srcset|data|action)\s*=|url\(|\@import|<link/i, 'nor what has one');
like($page, qr/content="default-src 'none'; style-src 'unsafe-inline'"/, 'and none is allowed');
unlike($page, qr/[\x00-\x08\x0b-\x1f\x7f-\x9f]/, 'there is no control character');
is( scalar(() = $page =~ /<svg/g),
	scalar(() = $page =~ /<svg[^>]*(?:aria-hidden|role="img"><title>)/g),
	'each drawing has a title, or is for those alone who see it');
is( scalar(() = $page =~ /<table/g),
	scalar(() = $page =~ /<table[^>]*>\s*<caption>/g),
	'each table has a caption');
unlike($page, qr/<th(?![^>]*scope=)[ >]/, 'each heading says of what');

# The palettes have the contrast of WCAG's level AA, each text on the ground
sub luminance
{
	my @linear = map { $_ <= 0.04045 ? $_ / 12.92 : (($_ + 0.055) / 1.055)**2.4 }
	  map { hex($_) / 255 } $_[0] =~ /#(..)(..)(..)/;
	return 0.2126 * $linear[0] + 0.7152 * $linear[1] + 0.0722 * $linear[2];
}

my @palettes = $page =~ /:root \{(.*?)\}/gs;
is(scalar(@palettes), 3, 'there are palettes for light, dark and paper');
foreach my $palette (@palettes)
{
	my %colour = $palette =~ /--(\w+): (#\w{6})/g;
	foreach my $name (qw(ink soft blue alert))
	{
		my ($dark, $light) = sort { $a <=> $b } map { luminance($_) } @colour{ 'ground', $name };
		cmp_ok(($light + 0.05) / ($dark + 0.05), '>=', 4.5, "$name on $colour{ground} is legible");
	}
}

# ---------- in the browser ----------

SKIP:
{
	skip 'there is no Chromium here: test/install-deps browser installs it', 1 unless $browser;
	in_browser();
}

sub in_browser
{
	my $dom = dom('report.html');
	is(shown($dom =~ m{<h1>(.*?)</h1>}s), 'Ours & <theirs>', 'the title is shown');

	# As XML, which a browser does not mend
	PostgreSQL::Test::Utils::append_to_file("$dir/report.xhtml", encode('UTF-8', $page));
	my $xml = dom('report.xhtml');
	unlike($xml, qr/<parsererror/, 'the page is valid XML');
	is( section($xml, 'costs') =~ s/\s//gr,
		section($dom, 'costs') =~ s/\s//gr,
		'of the same content');
	PostgreSQL::Test::Utils::append_to_file("$dir/broken.xhtml",
		encode('UTF-8', $page =~ s{</main>}{}r));
	like(dom('broken.xhtml'), qr/<parsererror/, 'a page that is not is told apart');

	check_figures($dom);
	check_tables($dom);
	check_day($dom);
	check_requests();
	check_picture();
	return;
}

sub check_figures
{
	my ($dom) = @_;
	my %expected = (
		services => 'SELECT count(*) FROM exo.dbaas_services',
		disks => q{SELECT count(*) FROM "a ""history""".disk_forecast
			WHERE full_at < now() + interval '30 days'},
		open => 'SELECT count(DISTINCT (zone, service_name)) FROM exo.dbaas_open_services',
		unprotected =>
		  'SELECT count(*) FROM exo.dbaas_services WHERE termination_protection IS NOT TRUE',
		backups => 'SELECT count(*) FROM exo.dbaas_overdue_backups',
		maintenance => 'SELECT count(*) FROM exo.dbaas_maintenance_updates');
	foreach my $name (sort keys %expected)
	{
		my $is = says($expected{$name});
		cmp_ok($is, '>', 0, "there are some: $name");
		is(figure($dom, $name), $is, "the figure of $name");
	}
	is(figure($dom, 'disks'), 1, 'one disk is about to be full');
	return;
}

sub check_tables
{
	my ($dom) = @_;
	my @zones = map { s/\|–(?=\|)/|0/gr } split /\n/, rows(section($dom, 'services'));
	is( join("\n", @zones[ 0, 1 ]),
		says(
			q{SELECT zone, count(*) FILTER (WHERE state = 'running'),
			count(*) FILTER (WHERE state = 'poweroff'), count(*)
			FROM exo.dbaas_services GROUP BY zone ORDER BY zone}),
		'services by zone and state');
	like($zones[2], qr/^thanos-1-0007\|.*\|poweroff\|/, 'what is not running');

	is( shown(rows(section($dom, 'open'))),
		says(
			q{SELECT service_name, type, zone, string_agg(network, ', ' ORDER BY network)
			FROM exo.dbaas_open_services GROUP BY 1, 2, 3 ORDER BY zone, service_name}),
		'what is open');
	my $unprotected = rows(section($dom, 'unprotected'));
	my @names = split /\n/, says('SELECT service_name FROM exo.dbaas_unprotected_services');
	is(scalar(grep { index($unprotected, tr/\x01\x07/\x{fffd}/r) < 0 } @names),
		0, 'all that is unprotected has its name there');
	is( join("\n", map { (split /\|/)[0] } split /\n/, rows(section($dom, 'backups'))),
		says(
			q{SELECT service_name FROM exo.dbaas_overdue_backups
			ORDER BY last_backup NULLS FIRST, zone, service_name}) =~ tr/\x01\x07/\x{fffd}/r,
		'late backups');
	like(
		rows(section($dom, 'maintenance')),
		qr{\Q|</td><script>alert(2)</script> & "more"|Monday 03:00|–|2 Jan 2031\E},
		'maintenance to come');

	like(
		rows(section($dom, 'disks')),
		qr{^pg-2-0001  de-fra-1\|90\.0 %\|\|\+1\.00 %\|\d+ \w+(?: \d+)?\|▲ 10 days$}m,
		'when a disk is full');
	like(
		rows(section($dom, 'changes')),
		qr{\Q|kafka-2-0003|de-fra-1|plan|\E[\w-]+\Q|<b>"premium" & more</b>\E$}m,
		'what changed');
	is( rows(section($dom, 'uptime')),
		'thanos-1-0007|ch-gva-2|0.00 %|0.00 %|0.00 %|7 days',
		'what did not run all the time');
	my ($footer) = $dom =~ m{<footer>(.*)</footer>}s;
	like(rows($footer), qr{\|7 s\|1 234\|1 567\|▲ 3$}m, 'which runs it is made from');

	my $costs = section($dom, 'costs');
	my $prices = q{(SELECT *, CASE WHEN type = 'kafka' AND plan = 'startup-4' THEN 1500.5
		ELSE (ARRAY[1000, 2000, 3000, 4000])[
			array_position(ARRAY['startup-4', 'startup-8', 'business-4', 'premium-8'], plan)]
		END AS price,
		CASE WHEN name LIKE 'kafka-%' THEN 'Data' ELSE 'R&D <"all">' END AS team
		FROM exo.dbaas_services) AS s};
	is( join("\n",
			sort map { join '|', (split /\|/)[ 0 .. 2 ] } split /\n/,
			rows($costs) =~ s{ +\d+ without a price}{}gr),
		says(
			qq{SELECT team, count(*), replace(to_char(sum(price), 'FM999,999'), ',', ' ')
			FROM $prices GROUP BY team ORDER BY team}),
		'what each team costs');
	is( figure($dom, 'costs'),
		says(qq{SELECT replace(to_char(sum(price), 'FM999,999'), ',', ' ') FROM $prices}),
		'and all of them');
	return;
}

# Now and the peak of each service, and the line: with a gap where there are no samples
sub check_day
{
	my ($dom) = @_;
	my $day = section($dom, 'day');
	my ($row) = grep { /alert\(1\)/ } $day =~ m{<tr>(.*?)</tr>}gs;
	like(shown($row =~ m{(<th.*?)<span}s), qr/^\Q$odd[0]\E$/, 'a name is shown as it is');
	my @numbers = map { shown($_) } $row =~ m{<td class="number">(.*?)</td>}gs;
	is("@numbers", '42 61 77 ▲ 96 12 31', 'now and the peak of the busier node');
	my ($title) = $row =~ m{<title>(.*?)</title>};
	like(
		shown($title),
		qr/^CPU of \Q$odd[0]\E: now 42 %, peak 61 % at \d\d:\d\d$/,
		'a line says in words what it shows');
	my ($line) = $row =~ m{<path d="(.*?)"};
	is(scalar(() = $line =~ /M/g), 2, 'the line is broken where samples are missing');
	my @y = $line =~ /[ML][\d.]+ ([\d.]+)/g;
	my ($top) = sort { $a <=> $b } @y;
	is($top, 12.9, 'its highest point is the peak');
	is($y[-1], 18.2, 'its last is now');
	is(scalar(() = $day =~ /no samples/g), 3 * (16 - 2) + 2, 'the others have no samples');
	return;
}

# Whatever the page asked for would come to this proxy.  It stands for everything but loopback;
# the browser's own requests to its vendor are not the page's
sub asked_for
{
	my ($file) = @_;
	my $proxy = IO::Socket::INET->new(Listen => 20, LocalAddr => '127.0.0.1') or die "listen: $!";
	my $port = $proxy->sockport;
	my $log = "$dir/asked";
	unlink $log;
	my $pid = fork // die "fork: $!";
	if ($pid == 0)
	{
		while (my $client = $proxy->accept)
		{
			my $line = <$client> // '';
			PostgreSQL::Test::Utils::append_to_file($log, $line);
			print $client "HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n";
			close $client;
		}
		POSIX::_exit(0);
	}
	dom($file, "--proxy-server=http://127.0.0.1:$port", '--virtual-time-budget=2000');
	kill 'KILL', $pid;
	waitpid $pid, 0;
	return
	  grep { !/google|gvt\d/ }
	  -e $log ? PostgreSQL::Test::Utils::slurp_file($log) =~ /^(.+?)\r?$/mg : ();
}

sub check_requests
{
	is(join(' ', asked_for('report.html')), '', 'the page asks nobody for anything');
	PostgreSQL::Test::Utils::append_to_file("$dir/asks.html",
		'<img src="http://elsewhere.test/a.png"/>');
	like(join(' ', asked_for('asks.html')), qr/elsewhere\.test/, 'a page that asks is noticed');
	return;
}

sub check_picture
{
	my $errors = '';
	foreach my $picture ('report.png', 'report.pdf')
	{
		IPC::Run::run(
			[ "$source/picture", "$dir/report.html", "$dir/$picture", '--window-size=1200,1600' ],
			'2>', \$errors)
		  or diag($errors);
	}
	my $png = PostgreSQL::Test::Utils::slurp_file("$dir/report.png");
	is(join('x', unpack 'x16NN', $png), '1200x1600', 'a picture of it');
	cmp_ok(length $png, '>', 30000, 'has something on it');
	like(PostgreSQL::Test::Utils::slurp_file("$dir/report.pdf"), qr/\A%PDF/,
		'and so it is printed');
	return;
}

# ---------- who may make it ----------

# A role that may create nothing, with a mapping of its own
sub check_reader
{
	my $mapping = sprintf q{OPTIONS (api_key '%s', api_secret '%s')}, $t->sim->key, $t->sim->secret;
	$t->sql(
		qq{
	CREATE ROLE reader LOGIN;
	REVOKE CREATE ON SCHEMA public FROM PUBLIC;
	GRANT USAGE ON SCHEMA exo, "a ""history""", prices TO reader;
	GRANT SELECT ON ALL TABLES IN SCHEMA exo, "a ""history""", prices TO reader;
	CREATE USER MAPPING FOR reader SERVER exoscale $mapping});
	local $ENV{PGUSER} = 'reader';
	my $mine = report('postgres', 'reader', 'hist=a "history"', 'title=Ours & <theirs>');
	is(section($mine, $_), section($page, $_), "a reader sees the same: $_")
	  foreach qw(services day disks open unprotected backups maintenance changes uptime costs);
	return;
}

check_reader();

# ---------- before there is anything ----------

sub check_empty
{
	my $without = report('postgres', 'without', 'hist=none', 'prices=none');
	is( empty(section($without, 'day')),
		'There are no metrics yet. dbaas_fdw_history() makes a history, and CALL '
		  . 'dbaas_fdw_collect() fills it.',
		'without a history there is no day');
	like($without, qr/id="figure-services">16</, 'but services');
	is(figure($without, 'costs'), '', 'and no costs');

	$t->sql(q{SELECT dbaas_fdw_history('exo', 'fresh')});
	$t->sim->clear_faults;
	merge('/dbaas-service', { 'dbaas-services' => [] }, $_) foreach $t->sim->zones;
	my $fresh = report('postgres', 'fresh', 'hist=fresh');
	my %empty = (
		services => 'There are no services.',
		disks => 'There is no history of disks yet.',
		open => 'No service lets every address in.',
		unprotected => 'Every service is protected against deletion.',
		backups => 'No backup is late.',
		maintenance => 'No maintenance awaits.',
		changes => 'There is no history yet.',
		uptime => 'There is no history yet.',
		costs => 'There is no price list. prices.sql makes one.');
	is(empty(section($fresh, $_)), $empty{$_}, "nothing is said: $_") foreach sort keys %empty;
	is(rows($fresh), '', 'there is no row');
	return;
}

check_empty();

# "make report", but for the throwaway PostgreSQL
sub check_demo
{
	my ($out, $errors) = ('', '');
	$t->sim->clear_faults;
	# From a database that could not show it
	local @ENV{qw(PGHOST PGPORT PGDATABASE)} = ($t->node->host, $t->node->port, 'latin1');
	local @ENV{qw(DBAAS_SIM_ENDPOINT DBAAS_SIM_API_KEY DBAAS_SIM_API_SECRET)} =
	  ($t->sim->url, $t->sim->key, $t->sim->secret);
	IPC::Run::run([ 'sh', '-c', 'exec "$0" 7>"$1"', "$source/demo", "$dir/demo.html" ],
		'>', \$out, '2>', \$errors);
	is("$?$errors", '0', 'the demo makes a report');
	my $demo = decode('UTF-8', PostgreSQL::Test::Utils::slurp_file("$dir/demo.html"));
	unlike(empty($demo), qr/There (?:is|are) no/, 'of which every part has something to say');
	like($demo, qr{</html>\s*\z}, 'and which is whole');
	return;
}

$t->sql("CREATE DATABASE latin1 TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
check_demo();

# What psql says of a database that has no report
sub refusal
{
	my ($database) = @_;
	my ($page, $error);
	IPC::Run::run(
		[
			qw(psql -X -q -At -v exo=public -f), "$source/report.sql",
			'-d', $t->node->connstr($database)
		],
		'>',
		\$page,
		'2>',
		\$error);
	is($? >> 8, 3, "$database: psql fails");
	return $error;
}

like(
	refusal('latin1'),
	qr/ERROR:  the report needs a database in UTF8, and latin1 is in LATIN1\n/,
	'and says which encoding it needs');

like(
	refusal('postgres'),
	qr/the report needs public\.dbaas_\w+\n.*dbaas_fdw_views/s,
	'without the views it says what to do');

done_testing();
