# Log pages: both orders, cursors, the ends, following.
use strict;
use warnings;

use Test::More;
use DbaasSim;

my $total = 1234;
my $sim = DbaasSim->start(services => 20, logs => $total);
my $path = '/dbaas-service-logs/mysql-1-0002';

sub page { return $sim->post($path, {@_})->{json} }

sub numbers
{
	return map { $_->{message} =~ /^entry (\d+) / } @{ $_[0]{logs} };
}

my %expected = (asc => [ 0 .. $total - 1 ], desc => [ reverse 0 .. $total - 1 ]);
foreach my $order (qw(asc desc))
{
	my ($offset, @read, $pages, $page);
	do
	{
		$page = page(limit => 500, 'sort-order' => $order, $offset ? (offset => $offset) : ());
		push @read, numbers($page);
		$pages++;
		is($page->{'first-log-offset'}, $offset, 'a page starts where the last ended') if $offset;
		$offset = $page->{offset};
	} while (@{ $page->{logs} });
	is_deeply(\@read, $expected{$order}, "$order: the whole log, each entry once");
	is($pages, 4, 'the last page is empty');
	is($page->{offset}, $page->{'first-log-offset'}, 'and its cursor is the one given');
}

my $newest = page();
is_deeply(
	[ numbers($newest) ],
	[ reverse $total - 100 .. $total - 1 ],
	'by default the newest 100, newest first');
is(scalar @{ page(limit => 1)->{logs} }, 1, 'a limit of 1');
my @times = map { $_->{time} } @{ $newest->{logs} };
is_deeply(\@times, [ reverse sort @times ], 'times fall');

# Following the log from the newest entry known
my $cursor = $newest->{'first-log-offset'};
my $nothing = page('sort-order' => 'asc', offset => $cursor);
is_deeply($nothing->{logs}, [], 'nothing new');
is($nothing->{offset}, $cursor, 'and the same cursor');
$sim->append_logs('ch-gva-2', 'mysql-1-0002', 3);
my $news = page('sort-order' => 'asc', offset => $cursor);
is_deeply([ numbers($news) ], [ $total .. $total + 2 ], 'entries appended are read');
is_deeply(page('sort-order' => 'asc', offset => $news->{offset})->{logs}, [], 'once');
is_deeply(
	[ numbers(page(limit => 2, offset => $cursor)) ],
	[ $total - 1, $total - 2 ],
	'a cursor serves in both orders');

is($sim->post('/dbaas-service-logs/pg-1-0001', { offset => $cursor })->{status},
	400, 'a cursor of another service is refused');
is( $sim->post('/dbaas-service-logs/mysql-2-0002', { offset => $cursor }, zone => 'de-fra-1')
	  ->{status},
	400,
	'and one of another zone');

$sim->config(logs => 100_000_000);
my $far = page(limit => 500);
is((numbers($far))[0], 100_000_002, 'a hundred million entries need no memory');
$sim->reset;
$sim->config(logs => 0);
is_deeply(page()->{logs}, [], 'an empty log');

# A log that gains entries while it is read
$sim->reset;
$sim->config(logs => 10, log_growth => 3);
is_deeply([ map { scalar @{ page('sort-order' => 'asc')->{logs} } } 1 .. 3 ],
	[ 10, 13, 16 ], 'each response is followed by new entries');
$sim->config(log_growth => 0);

done_testing();
