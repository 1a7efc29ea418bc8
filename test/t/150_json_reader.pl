# src/base/json.c reads what json-c reads, value by value, and refuses what
# PostgreSQL's own parser refuses. "make fuzz" is the long form of this.
use strict;
use warnings;

use DbaasSim;
use File::Temp ();
use Test::More;

my $seed = $ENV{DBAAS_RANDOM_SEED} // 20261126;
my $count = $ENV{DBAAS_JSON_COUNT} // 100_000;
my $reader = 'test/json/reader';

my $build = `make -s $reader 2>&1`;
is($?, 0, 'the reader is built outside of a backend, with sanitizers');
is($build, '', 'without a warning');

# Answers of the API to start from
my $sim = DbaasSim->start(services => 3, logs => 5);
my $dir = File::Temp->newdir;
my @files;
foreach my $path (
	'/dbaas-service', '/dbaas-service-type',
	'/dbaas-integration-type', '/zone',
	'/dbaas-external-endpoint')
{
	my $file = "$dir/" . @files;
	open my $fh, '>:raw', $file or die "$file: $!";
	print $fh $sim->get($path)->{content};
	close $fh or die "$file: $!";
	push @files, $file;
}

note("DBAAS_RANDOM_SEED=$seed DBAAS_JSON_COUNT=$count");
my $output = `$reader $seed $count @files 2>&1`;
is($?, 0, "the readers agree on $count texts") or diag(substr $output, 0, 4000);
my ($read, $refused) = $output =~ /^$count texts: (\d+) read, (\d+) refused$/;
cmp_ok($read    // 0, '>', $count / 10, 'many of them are JSON');
cmp_ok($refused // 0, '>', $count / 10, 'and many are not');

done_testing();
