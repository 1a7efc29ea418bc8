/* What a program with JDBC does, one part for each name */

import java.sql.*;
import java.util.*;
import org.postgresql.util.PSQLException;

class jdbc {
    static Connection conn;

    /* DatabaseMetaData knows the tables, and the columns with their types */
    static void metadata() throws SQLException {
        DatabaseMetaData meta = conn.getMetaData();
        Set<String> names = new TreeSet<>();
        try (ResultSet rows = meta.getTables(null, "exo", "%", new String[] {"FOREIGN TABLE"})) {
            while (rows.next())
                names.add(rows.getString("TABLE_NAME"));
        }
        System.out.println(names.size() > 20);
        System.out.println(names.contains("dbaas_services"));
        try (ResultSet rows = meta.getColumns(null, "exo", "dbaas_service_details", "%")) {
            while (rows.next())
                if (rows.getInt("ORDINAL_POSITION") <= 8)
                    System.out.println(rows.getString("COLUMN_NAME") + " "
                        + rows.getString("TYPE_NAME") + " " + rows.getInt("DATA_TYPE"));
        }
    }

    /* From its fifth execution on, a statement is prepared on the server */
    static void prepared() throws SQLException {
        String sql = "SELECT plan FROM exo.dbaas_services WHERE zone = ? AND name = ?";
        try (PreparedStatement stmt = conn.prepareStatement(sql)) {
            for (int i = 0; i < 12; i++) {
                stmt.setString(1, i % 2 == 0 ? "ch-gva-2" : "de-fra-1");
                stmt.setString(2, i % 2 == 0 ? "pg-1-0001" : "pg-2-0001");
                try (ResultSet rows = stmt.executeQuery()) {
                    while (rows.next())
                        System.out.print(rows.getString(1) + (i < 11 ? " " : "\n"));
                }
            }
        }
        try (Statement stmt = conn.createStatement();
                ResultSet rows = stmt.executeQuery(
                    "SELECT count(*) > 0 FROM pg_prepared_statements"
                    + " WHERE statement LIKE '%dbaas_services WHERE zone = $1%'")) {
            rows.next();
            System.out.println(rows.getBoolean(1));
        }
    }

    /* With a fetch size, rows come from a portal that need not be read to its end */
    static void cursor() throws SQLException {
        conn.setAutoCommit(false);
        String sql = "SELECT time FROM exo.dbaas_logs WHERE zone = ? AND service_name = ?"
            + " ORDER BY time DESC";
        try (PreparedStatement stmt = conn.prepareStatement(sql)) {
            stmt.setFetchSize(10);
            stmt.setString(1, "ch-gva-2");
            stmt.setString(2, "pg-1-0001");
            try (ResultSet rows = stmt.executeQuery()) {
                int n = 0;
                while (n < 15 && rows.next() && rows.getTimestamp(1) != null)
                    n++;
                System.out.println(n);
            }
        }
        conn.commit();
    }

    static void insert() throws SQLException {
        conn.setAutoCommit(false);
        String sql = "INSERT INTO exo.dbaas_databases (zone, service_name, name) VALUES (?, ?, ?)";
        try (PreparedStatement stmt = conn.prepareStatement(sql)) {
            for (String name : new String[] {"shop", "wiki"}) {
                stmt.setString(1, "ch-gva-2");
                stmt.setString(2, "pg-1-0001");
                stmt.setString(3, name);
                stmt.addBatch();
            }
            System.out.println(Arrays.toString(stmt.executeBatch()));
        }
    }

    static void batch() throws SQLException {
        insert();
        conn.commit();
    }

    static void rollback() throws SQLException {
        insert();
        conn.rollback();
    }

    static void update() throws SQLException {
        String sql = "UPDATE exo.dbaas_services SET termination_protection = ?"
            + " WHERE zone = ? AND name = ?";
        try (PreparedStatement stmt = conn.prepareStatement(sql)) {
            stmt.setBoolean(1, true);
            stmt.setString(2, "ch-gva-2");
            stmt.setString(3, "kafka-1-0003");
            System.out.println(stmt.executeUpdate());
        }
    }

    static void error() throws SQLException {
        try (Statement stmt = conn.createStatement()) {
            stmt.executeQuery("SELECT * FROM exo.dbaas_operations");
        } catch (PSQLException e) {
            System.out.println(e.getSQLState());
            System.out.println(e.getServerErrorMessage().getMessage());
            System.out.println(e.getServerErrorMessage().getHint());
            System.out.println(e.getServerErrorMessage().getTable());
        }
    }

    public static void main(String[] args) throws Exception {
        conn = DriverManager.getConnection(
            "jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT")
            + "/" + System.getenv("PGDATABASE"), System.getenv("PGUSER"), "");
        jdbc.class.getDeclaredMethod(args[0]).invoke(null);
        conn.close();
    }
}
