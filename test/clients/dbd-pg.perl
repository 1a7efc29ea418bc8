# What a program with DBI and DBD::Pg does, one part for each name

use strict;
use warnings;

use DBI;

my $dbh = DBI->connect('dbi:Pg:', '', '',
	{ AutoCommit => 0, RaiseError => 1, PrintError => 0, pg_enable_utf8 => 1 });

my %parts = (

	# Placeholders, of one statement that is executed again
	select => sub {
		my $sth = $dbh->prepare(
			'SELECT plan, node_count FROM exo.dbaas_services WHERE zone = ? AND name = ?');
		foreach my $key ([ 'ch-gva-2', 'pg-1-0001' ], [ 'de-fra-1', 'pg-2-0001' ])
		{
			$sth->execute(@$key);
			print "@$_\n" foreach @{ $sth->fetchall_arrayref };
		}
		$dbh->rollback;
	},

	info => sub {
		my $tables = $dbh->table_info('', 'exo', 'dbaas_services', 'FOREIGN TABLE,TABLE,VIEW');
		print "@$_[1, 2, 3]\n" foreach @{ $tables->fetchall_arrayref };
		my $columns = $dbh->column_info('', 'exo', 'dbaas_service_details', '%');
		while (my $column = $columns->fetchrow_hashref)
		{
			next if $column->{ORDINAL_POSITION} > 8;
			print "@$column{qw(COLUMN_NAME TYPE_NAME DATA_TYPE)}\n";
		}
	},

	insert => sub { insert(); $dbh->commit },

	rollback => sub { insert(); $dbh->rollback },

	error => sub {
		eval { $dbh->selectall_arrayref('SELECT * FROM exo.dbaas_operations') };
		print $dbh->state, "\n";
		print $dbh->pg_error_field($_), "\n" foreach qw(message_primary hint table);
	});

sub insert
{
	my $sth =
	  $dbh->prepare('INSERT INTO exo.dbaas_databases (zone, service_name, name) VALUES (?, ?, ?)');
	print $sth->execute('ch-gva-2', 'pg-1-0001', $_), "\n" foreach qw(shop wiki);
	return;
}

$parts{ $ARGV[0] }->();
$dbh->disconnect;
