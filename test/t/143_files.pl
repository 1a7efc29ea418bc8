# The files that options name: nothing that a name may stand for holds a
# session up, and no error shows what is in it.
use strict;
use warnings;

use DbaasTest;
use Fcntl qw(O_RDONLY O_NONBLOCK);
use POSIX qw(mkfifo);
use Test::More;

my $t = DbaasTest->new(services => 3, logs => 20, server => { max_retries => 0 });
my $session = $t->session;
my $services = 'SELECT count(*) FROM exo.dbaas_services';
my $dir = $t->node->basedir;
my $content = 'c0ntent-0f-the-f1le';

sub file
{
	my ($name, $text) = @_;
	open my $handle, '>', "$dir/$name" or die "$dir/$name: $!";
	print $handle $text;
	close $handle or die "$dir/$name: $!";
	return "$dir/$name";
}

mkfifo("$dir/fifo", 0600) or die "mkfifo: $!";
mkdir "$dir/directory" or die "mkdir: $!";
symlink "$dir/fifo", "$dir/link" or die "symlink: $!";
my %what = (
	'a FIFO' => [ "$dir/fifo", qr/is not a regular file/ ],
	'a link to a FIFO' => [ "$dir/link", qr/is not a regular file/ ],
	'a directory' => [ "$dir/directory", qr/is not a regular file/ ],
	'a terminal' => [ '/dev/tty', qr/is not a regular file|could not open/ ],
	'an endless device' => [ '/dev/zero', qr/is not a regular file/ ],
	'a file that is not there' => [ "$dir/missing", qr/could not open .*: No such file/ ],
	'an empty file' => [ file('empty', ''), qr/is empty|holds no PEM certificates/ ]);

# Every descriptor that the backend has: pipes, sockets, epoll sets
foreach my $path (glob '/proc/' . $session->pid . '/fd/*')
{
	my ($fd) = $path =~ /(\d+)$/;
	next unless (readlink $path // '') =~ /^(pipe|socket|anon_inode|\/dev)/;
	$what{"the backend's descriptor $fd ($1)"} =
	  [ "/proc/self/fd/$fd", qr/is not a regular file|could not open/ ];
}
cmp_ok(scalar(grep { /descriptor/ } keys %what), '>=', 3, 'the backend has descriptors to try');

# Each is refused, with nothing sent.  A backend that hangs is ended, in the end by force, as
# nothing else may end it.
sub refused
{
	my ($option, $sqlstate, $name, $message) = @_;
	my $pid = $session->pid;
	$t->sim->clear;
	local $SIG{ALRM} = sub { kill KILL => $pid };
	alarm 120;
	my ($out, $stderr) = $session->sql_both("SET statement_timeout = '60s'; $services");
	alarm 0;
	my $error = DbaasTest::parse_error($stderr) // {};
	is($error->{sqlstate}, $sqlstate, "$option, $name: $sqlstate");
	like($error->{message} // '', qr/of option "$option"/, "$option, $name: the option is named");
	like($error->{message} // '', $message, "$option, $name: and what is wrong");
	unlike($stderr, qr/\Q$content\E/, "$option, $name: nothing of the file is shown");
	is(scalar(() = $t->sim->requests), 0, "$option, $name: nothing is sent");
	is($session->sql('SELECT 1'), 1, "$option, $name: the session works on");
	return;
}

my %garbage = (
	'garbage' => [ file('garbage', "$content\n" x 100), qr/holds no PEM certificates/ ],
	'NULs' =>
	  [ file('nuls', "\0" x 100 . "-----BEGIN CERTIFICATE-----\n"), qr/holds no PEM certificates/ ],
	'a huge file' => [
		file('huge', "-----BEGIN CERTIFICATE-----\n" . "$content\n" x 200_000),
		qr/is larger than \d+ bytes/
	]);
$session->sql(q{ALTER SERVER exoscale OPTIONS (ADD ca_file '/x')});
foreach my $name (sort(keys %what), sort keys %garbage)
{
	my ($path, $message) = @{ $what{$name} // $garbage{$name} };
	$session->sql("ALTER SERVER exoscale OPTIONS (SET ca_file '$path')");
	refused('ca_file', '08001', $name, $message);
}

# What looks like a certificate and is none fails where it is used
$session->sql('ALTER SERVER exoscale OPTIONS (SET ca_file \''
	  . file('broken', "-----BEGIN CERTIFICATE-----\n$content\n-----END CERTIFICATE-----\n")
	  . q{', SET endpoint 'https://localhost:1/v2')});
my $error = $session->sql_error($services);
is($error->{sqlstate}, '08001', 'a broken certificate: 08001');
unlike($error->{stderr}, qr/\Q$content\E/, 'a broken certificate: nothing of it is shown');
$session->sql(
	'ALTER SERVER exoscale OPTIONS (DROP ca_file, SET endpoint \'' . $t->sim->url . q{')});

# The file with the secret
my $mapping = 'ALTER USER MAPPING FOR CURRENT_USER SERVER exoscale OPTIONS';
$session->sql(qq{$mapping (DROP api_secret, ADD api_secret_file '/x')});
%garbage = (
	'a long line' => [ file('long', $content x 1000), qr/longer than \d+ bytes/ ],
	'a space at its end' => [ file('space', "$content \n"), qr/first line .* is not a secret/ ],
	'a space at its start' =>
	  [ file('indented', " $content\n"), qr/first line .* is not a secret/ ],
	'a tab in it' => [ file('tab', "$content\t$content\n"), qr/first line .* is not a secret/ ],
	'a byte order mark' =>
	  [ file('bom', "\xef\xbb\xbf$content\n"), qr/first line .* is not a secret/ ],
	'an empty first line' => [ file('blank', "\n$content\n"), qr/no secret in its first line/ ]);
foreach my $name (sort(keys %what), sort keys %garbage)
{
	my ($path, $message) = @{ $what{$name} // $garbage{$name} };
	$session->sql("$mapping (SET api_secret_file '$path')");
	refused('api_secret_file', '28000', $name, $message);
}

# Who else may read or change it: said once, when the session connects
$session->sql("$mapping (SET api_secret_file '" . file('mine', $t->sim->secret . "\n") . q{')});
symlink "$dir/mine", "$dir/mine_too" or die "symlink: $!";
foreach my $case (
	[ 0600, 0 ],
	[ 0400, 0 ],
	[ 0640, 1 ],
	[ 0604, 1 ],
	[ 0602, 1 ],
	[ 0644, 1, 'mine_too' ],
	[ 0600, 0, 'mine_too' ])
{
	my ($mode, $exposed, $name) = (@$case, 'mine');
	my $what = sprintf '%s with %04o', $name, $mode;
	chmod $mode, "$dir/mine" or die "chmod: $!";
	$session->sql("$mapping (SET api_secret_file '$dir/$name')");
	$session->sql(q{SELECT dbaas_fdw_disconnect('exoscale')});
	my ($out, $stderr) = $session->sql_both($services);
	is($out, 9, "$what: read");
	my $warning =
	  'others may read or change the file of ' . 'option "api_secret_file" for server "exoscale"';
	is(scalar(() = $stderr =~ /WARNING:  01000: $warning\n(?:.*\n)*?.*HINT:.*0600/g),
		$exposed, "$what: " . ($exposed ? 'a warning' : 'no warning'));
	(undef, $stderr) = $session->sql_both($services);
	unlike($stderr, qr/WARNING/, "$what: but once");
}

# The option itself
$session->sql("$mapping (DROP api_secret_file)");
foreach my $secret ("$content ", "$content\n", " $content", "$content\t")
{
	my $refusal = $session->sql_error("$mapping (ADD api_secret '$secret')");
	is($refusal->{sqlstate}, '22023', 'api_secret with white space around it is refused');
	like($refusal->{message}, qr/"api_secret"/, 'the option is named');
	unlike($refusal->{stderr} =~ s/^(?:STATEMENT|LINE \d+):.*//msr,
		qr/\Q$content\E/, 'and the secret is not');
}

# A key that is rotated: the API's refusal is what makes a session look again
my $good = $t->sim->secret;
my $file = file('secret', "$good\n");
$session->sql("$mapping (ADD api_secret_file '$file')");
is($session->sql($services), 9, 'the right secret is read');
file('secret', "an-0ld-0ne\n");
is($session->sql($services), 9, 'a session that works goes on with what it has read');
$session->sql(q{SELECT dbaas_fdw_disconnect('exoscale')});
is($session->sql_error($services)->{sqlstate}, '28000', 'a wrong secret is refused by the API');
is($session->sql_error($services)->{sqlstate}, '28000', 'and again');
file('secret', "$good\n");
is($session->sql($services), 9, 'the next statement finds the new one in the file');

foreach my $status (401, 403)
{
	$t->sim->clear;
	$t->sim->fault(
		{ path => '/dbaas-service', zone => 'de-fra-1', action => 'status', status => $status });
	is($session->sql_error($services)->{sqlstate}, '28000', "status $status");
	$t->sim->clear_faults;
	is($session->sql($services), 9, "after $status, with a secret that is the same");
	is(scalar(grep { $_->{path} eq '/zone' } $t->sim->requests), 0, 'the connection goes on');
	$t->sim->fault(
		{ path => '/dbaas-service', zone => 'de-fra-1', action => 'status', status => $status });
	$session->sql_error($services);
	unlink $file;
	like(
		$session->sql_error($services)->{message},
		qr/could not open .*api_secret_file/,
		"after $status, without the file");
	file('secret', "$good\n");
	is($session->sql($services), 9, "after $status, with the file again");
}

done_testing();
