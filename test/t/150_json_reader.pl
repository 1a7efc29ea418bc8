# src/base/json.c reads what json-c reads, value by value, and refuses what
# PostgreSQL's own parser refuses. "make fuzz" is the long form of this.
use strict;
use warnings;

use DbaasFuzz qw(fuzz);
use DbaasSim;
use File::Temp ();
use Test::More;

my $count = $ENV{DBAAS_JSON_COUNT} // 100_000;

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

my ($read, $refused) = fuzz('json', $count, @files);
cmp_ok($read, '>', $count / 10, 'many of them are JSON');
cmp_ok($refused, '>', $count / 10, 'and many are not');

done_testing();
