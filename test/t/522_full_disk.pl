# A disk that is full while a transaction sends writes: that of the WAL, that of temporary files,
# and that of the log.
#
# The disks are small and real: file systems that this test mounts in a namespace of its own.
use strict;
use warnings;

use Test::More;

# Once more, where such disks can be mounted, and with the user of before, since PostgreSQL
# refuses root
my $disks;

BEGIN
{
	$disks = $ENV{DBAAS_SMALL_DISKS};
	if (!defined $disks && !$^C)
	{
		my $mount = q{for disk in wal:48m temp:1m log:64k; do mkdir "$dir/${disk%:*}" &&
			mount -t tmpfs -o "size=${disk#*:},nr_inodes=100,mode=777" \
				small "$dir/${disk%:*}"; done};
		my $again = q{exec unshare -U --map-user="$user" --map-group="$group" "$@"};
		my $dir = qx(mktemp -d);
		chomp $dir;
		my ($user, $group) = ($>, $) + 0);
		my @there = (
			'env', "dir=$dir", "user=$user", "group=$group", "DBAAS_SMALL_DISKS=$dir",
			'unshare', '-Urm', 'sh', '-ec');
		my $possible = system(@there, "{ $mount; $again; } 2>/dev/null", 'sh', 'true') == 0;
		system("rm -rf '$dir'/*");

		if (!$possible)
		{
			rmdir $dir;
			plan skip_all => 'nobody may mount a small disk here: no user namespaces';
		}
		my $status = system(@there, "$mount; $again", 'sh', $^X, $0);
		system("rm -rf '$dir'");
		exit($status >> 8 || ($status ? 1 : 0));
	}
}

use DbaasKill;
use DbaasTest;
use PostgreSQL::Test::Utils qw(slurp_file);

my $t = DbaasTest->new(services => 4, logs => 2000, operation_time => 1, conf => $DbaasKill::conf);
my $node = $t->node;
my $data = $node->data_dir;
my $kill = DbaasKill->new($t);

sub fill
{
	my ($disk) = @_;
	system("dd if=/dev/zero of=$disks/$disk/filler bs=4k 2>/dev/null");
	is(qx(df --output=avail $disks/$disk | tail -n 1) + 0, 0, "the disk of the $disk is full");
	return;
}

sub make_room { unlink "$disks/$_[0]/filler"; return }

# WAL: the server stops, wherever the transaction is when it notices
$node->stop;
system("mv $data/pg_wal $disks/wal/ && ln -s $disks/wal/pg_wal $data/pg_wal") == 0 or die 'no WAL';
$node->start;

my $run = $kill->start('commit');
$kill->go($run, 'end');
$kill->let_go($run);
my $last = $kill->requests($run);

# The next record of the WAL needs a file that cannot be made
sub fill_wal
{
	my ($now) = $t->sql('SELECT pg_walfile_name(pg_current_wal_insert_lsn())');
	unlink grep { m{/[0-9A-F]{24}$} && !m{/$now$} } glob "$disks/wal/pg_wal/*";
	fill('wal');
	$t->sql('SELECT pg_switch_wal()');
	return;
}

foreach my $case ([ 'queued', 1 ], [ 'answered', $last ])
{
	my ($point, $n) = @$case;
	my $name = "no room for the WAL, $point $n";
	# What is queued may have records of the transaction in memory
	fill_wal() if $point eq 'queued';
	$run = $kill->start('commit');
	ok($kill->go($run, $point, $n), "$name: it came there");
	fill_wal() if $point ne 'queued';
	$kill->go($run, 'end') if $point eq 'queued';
	$kill->let_go($run);
	like(
		slurp_file($node->logfile, $run->{since}),
		qr/PANIC:.*No space left on device/,
		"$name: the server stops");
	DbaasTest::wait_until(sub { !-e "$data/postmaster.pid" }) or die 'the server goes on';
	$node->stop('immediate', fail_ok => 1);
	make_room('wal');
	$node->start;
	is_deeply([ $kill->problems($run, 1) ], [], "$name: the log says what the API received");
	is( scalar(grep { $_->{method} ne 'GET' } $kill->requests($run)),
		$point eq 'queued' ? 0 : 3,
		"$name: so much was sent");
	is($t->sql("SELECT count(*) FROM local WHERE name = '$run->{name}'"),
		0, "$name: and the local transaction is rolled back");
}

# Temporary files, into which answers go that statements share: they are asked for again
system("mkdir $disks/temp/pgsql_tmp && ln -s $disks/temp/pgsql_tmp $data/base/pgsql_tmp") == 0
  or die 'no directory for temporary files';
my $arms = join ' UNION ALL ',
  map { "SELECT service_name, value FROM exo.dbaas_metrics WHERE period = 'day' AND metric = '$_'" }
  qw(cpu_usage mem_usage disk_usage);
my $shared = "SELECT count(*), sum(hashtext(service_name || value)) FROM ($arms) x";
my $session = $t->session;
$session->sql(q{SET work_mem = '64kB'; SET log_temp_files = 0});
my $rows = $session->sql($shared);
fill('temp');
is($session->sql($shared), $rows, 'no room for temporary files: the rows');
my $files = 0;

while (open my $file, '>', "$disks/temp/" . ++$files)
{
	close $file;
}
cmp_ok($files, '<', 100, 'there may not be another file, either');
is($session->sql($shared), $rows, 'no room for their names: the rows');
$session->quit;
my ($used, @empty) = slurp_file($node->logfile) =~ /temporary file: path.*, size (\d+)/g;
ok($used && "@empty" eq '0', 'of which there was one, an empty one, and none');

# The log: what has no room there is lost.  COMMIT and its errors are not
system("mkdir $disks/log/log") == 0 or die 'no directory for the log';
$node->append_conf('postgresql.conf',
	"logging_collector = on\nlog_directory = '$disks/log/log'\nlog_filename = 'log'");
$node->restart;
fill('log');
# The file's last page has room
$t->sql('SELECT 1 -- ' . 'x' x 10_000);
$run = $kill->start('commit');
$kill->go($run, 'end');
$kill->let_go($run);
is($t->sql("SELECT count(*) FROM local WHERE name = '$run->{name}'"),
	1, 'no room for the log: a COMMIT is well');
$t->sim->reset;
$t->sim->fault({ method => 'DELETE', action => 'status', status => 409 });
my $error = $t->sql_error(
	q{
	INSERT INTO exo.dbaas_databases (zone, service_name, name)
		VALUES ('ch-gva-2', 'pg-1-0001', 'x');
	DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = 'kafka-1-0003'});
like($error->{detail}, qr{kafka-1-0003 in zone ch-gva-2: failed}, 'one that fails says so');
unlike(slurp_file("$disks/log/log/log"), qr/kafka-1-0003/, 'but not in the log');
make_room('log');
$t->sim->reset;
$t->sql(q{DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = 'kafka-1-0003'});
my $logged = qr{kafka-1-0003 in zone ch-gva-2: applied};
ok(DbaasTest::wait_until(sub { slurp_file("$disks/log/log/log") =~ $logged }),
	'which goes on when there is room');

done_testing();
