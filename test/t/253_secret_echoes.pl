# An API that repeats a write's secret, in whatever encoding: random secrets with odd characters in
# them are shown by no error, notice or line of the log.
use strict;
use warnings;

use DbaasTest;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $t = DbaasTest->new(
	services => 4,
	logs => 0,
	operation_time => 0,
	server => { max_retries => 0 },
	conf => "log_min_messages = debug1\nlog_statement = none\ndbaas_fdw.log_requests = on\n");
my $sim = $t->sim;
my $session = $t->session;
my $json = JSON::PP->new->allow_nonref;
my $seed = $ENV{DBAAS_SEED} // 7;
srand $seed;
note "DBAAS_SEED=$seed";

my %named = ('&' => '&amp;', '<' => '&lt;', '>' => '&gt;', '"' => '&quot;', q{'} => '&#39;');

sub bytes { my ($text) = @_; utf8::encode($text); return $text }
sub inner { return substr $_[0], 1, -1 }

sub percent
{
	my ($all, $text) = @_;
	$text = bytes($text);
	$text =~ s/($all)/sprintf '%%%02X', ord $1/ge;
	return $text;
}

my %encodings = (
	'as it is' => sub { $_[0] },
	'JSON' => sub { inner($json->encode($_[0])) },
	'JSON in ASCII' => sub { inner($json->ascii->encode($_[0])) },
	'JSON in JSON' => sub { inner($json->encode($json->encode($_[0]))) },
	'JSON with \\/' => sub { inner($json->encode($_[0])) =~ s{/}{\\/}gr },
	'JSON as Go has it' =>
	  sub { inner($json->encode($_[0])) =~ s/([&<>])/sprintf '\\u%04x', ord $1/ger },
	'all of it escaped' => sub {
		my $text = $_[0];
		utf8::upgrade($text);
		join '', map {
			sprintf ord > 0xffff ? "\\u%04x\\u%04x" : '\\u%04x',
			  ord > 0xffff
			  ? (0xd800 + ((ord) - 0x10000 >> 10), 0xdc00 + ((ord) - 0x10000 & 0x3ff))
			  : ord
		} split //, $text;
	},
	'single quotes' => sub { $_[0] =~ s/([\\'])/\\$1/gr },
	'\\x escapes' => sub { bytes($_[0]) =~ s/(\W)/sprintf '\\x%02x', ord $1/ger },
	'HTML' => sub { $_[0] =~ s/([&<>"'])/$named{$1}/gr },
	'HTML in numbers' => sub { $_[0] =~ s/(\W)/sprintf '&#%d;', ord $1/ger },
	'HTML in hexadecimals' => sub { $_[0] =~ s/(\W)/sprintf '&#x%x;', ord $1/ger },
	'HTML of JSON' => sub { inner($json->encode($_[0])) =~ s/([&<>"'])/$named{$1}/gr },
	'percent' => sub { percent('[^A-Za-z0-9._~-]', $_[0]) },
	'percent, all of it' => sub { lc percent('.', $_[0]) },
	'percent of percent' => sub { percent('%', percent('[^A-Za-z0-9._~-]', $_[0])) },
	'percent of JSON' => sub { percent('[^A-Za-z0-9._~-]', inner($json->encode($_[0]))) },
	'form' => sub { percent('[^A-Za-z0-9._~ -]', $_[0]) =~ s/ /+/gr });

# A secret whose middle no encoding but those of all characters changes
my @odd = (
	split(//, q{ "'\\/&<>=+%@:;?#{}[]()|`^~!$*,.-_}),
	'%41', '%%', '\\n', '\\u0041', '&amp;', '&#65;', '&quot', "\x{e9}", "\x{65e5}", "\x{1f511}",
	"\t", 'password=', '://');

sub random_secret
{
	my ($middle) = @_;
	return join '', (map { $odd[ rand @odd ] } 0 .. rand 4), $middle,
	  map { $odd[ rand @odd ] } 0 .. rand 4;
}

sub quoted { my ($text) = @_; $text =~ s/'/''/g; return "'" . bytes($text) . "'" }

# The response's body is text for the simulator's own JSON
sub text { my ($text) = @_; utf8::decode($text) unless utf8::is_utf8($text); return $text }

my ($shown, $failed) = (0, 0);
foreach my $round (1 .. $ENV{DBAAS_ECHOES} // 40)
{
	my $middle = join '', map { ('a' .. 'z', 0 .. 9)[ rand 36 ] } 1 .. 8;
	my $secret = random_secret($middle);
	my @writes = (
		q{INSERT INTO exo.dbaas_users (zone, service_name, username, parameters) }
		  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'app', }
		  . quoted($json->ascii(0)->encode({ 'app-password' => $secret })) . ')',
		q{INSERT INTO exo.dbaas_tasks (zone, service_name, source_service_uri) }
		  . q{VALUES ('ch-gva-2', 'pg-1-0001', }
		  . quoted("postgres://u:$secret\@h/d") . ')',
		q{UPDATE exo.dbaas_service_details SET settings = settings || }
		  . quoted($json->encode({ smtp => { secret => { a => [$secret] } } }))
		  . q{ WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001'});
	my $write = $writes[ $round % @writes ];
	foreach my $name (sort keys %encodings)
	{
		my $echo = text($encodings{$name}->($secret));
		my $said = "no '$echo' and \"$echo\"";
		my %fault =
		  $round % 2
		  ? (action => 'operation', state => 'failure', reason => 'bad', message => $said)
		  : (
			action => 'status',
			status => 422,
			body => rand() < 0.5 ? $json->encode({ message => $said }) : $said);
		$sim->fault(
			{ method => $write =~ /^UPDATE/ ? 'PUT' : 'POST', path => '*', times => 1, %fault });
		my (undef, $stderr) = $session->sql_both($write);
		$sim->clear_faults;
		$failed++ if $stderr =~ /ERROR: /;
		my @found = $stderr =~ /\Q$middle\E|\Q@{[ bytes($secret) ]}\E/;
		$shown += @found;
		fail("$name: $secret") && diag($stderr) if @found;
	}
	my (undef, $stderr) =
	  $session->sql_both("SET dbaas_fdw.dry_run = on; $write; RESET dbaas_fdw.dry_run");
	like($stderr, qr/dry run: .*Body: .*\*\*\*/s, "round $round: a dry run") or diag $stderr;
	unlike($stderr, qr/\Q$middle\E/, 'has no secret');
	my $log = slurp_file($t->node->logfile);
	unlike($log, qr/\Q$middle\E/, 'nor has the log')
	  or diag join "\n", grep { /\Q$middle\E/ } split /\n/, $log;
}
is($shown, 0, 'no error shows one');
cmp_ok($failed, '>', 600, 'of many');

done_testing();
