using System.Globalization;
using System.Reflection;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Platform.Store;

/// <summary>The effect of a start on the schema.</summary>
/// <param name="From">The newest migration that the store had; 0 = the store was empty.</param>
/// <param name="To">The newest migration that the store has now.</param>
/// <param name="Applied">How many migrations were missing.</param>
public sealed record SchemaChange(long From, long To, int Applied);

/// <summary>One numbered step of the schema, embedded as <c>Migrations/0001_name.sql</c>; <c>{blob}</c> and <c>{id}</c> stand for the engine's types.</summary>
public sealed record Migration(int Number, string Name, string Sql)
{
    /// <summary>The part that the SQL of both engines cannot express; it runs after the SQL, in the same transaction.</summary>
    public Func<WriteTransaction, Task>? Then { get; init; }

    public static IReadOnlyList<Migration> Embedded { get; } = Load();

    /// <summary>
    /// Applies, in order, all migrations that the store has not recorded, also those below its highest. Refuses a store that a newer version has written.
    /// </summary>
    /// <param name="tx">The transaction, without a statement timeout.</param>
    /// <param name="migrations">All migrations.</param>
    /// <param name="makesStore">Whether an empty database becomes a store.</param>
    /// <param name="beginning">Called before the first migration is applied.</param>
    /// <returns>The schema before and after.</returns>
    public static async Task<SchemaChange> ApplyAsync(
        WriteTransaction tx,
        IReadOnlyList<Migration> migrations,
        bool makesStore = true,
        Action<SchemaChange>? beginning = null
    )
    {
        await tx.ExecuteAsync("CREATE TABLE IF NOT EXISTS schema_migrations (number bigint PRIMARY KEY, name text NOT NULL)");
        var done = (await tx.QueryAsync<long>("SELECT number FROM schema_migrations")).ToHashSet();
        if (done.Count == 0 && !makesStore)
        {
            throw new StartupException(
                "The database has no store of Tokenry. Name the one that the server uses. A new store is made by the first start of a server."
            );
        }

        var newest = migrations[^1].Number;
        if (done.Count > 0 && done.Max() > newest)
        {
            throw new InvalidOperationException(
                $"The store was written by a newer version (schema {done.Max()}, this one knows {newest}). Start that version again, or restore a backup."
            );
        }

        var missing = migrations.Where(migration => !done.Contains(migration.Number)).ToList();
        var change = new SchemaChange(done.Count == 0 ? 0 : done.Max(), newest, missing.Count);
        if (missing.Count > 0)
        {
            beginning?.Invoke(change);
        }

        foreach (var migration in missing)
        {
            foreach (var statement in Adapt(migration.Sql, tx.Dialect).Split(";\n"))
            {
                if (!string.IsNullOrWhiteSpace(statement))
                {
                    await tx.ExecuteAsync(statement);
                }
            }

            if (migration.Then is { } then)
            {
                await then(tx);
            }

            await tx.ExecuteAsync(
                "INSERT INTO schema_migrations (number, name) VALUES (@Number, @Name)",
                new { Number = (long)migration.Number, migration.Name }
            );
        }

        return change;
    }

    private static string Adapt(string sql, Dialect dialect) =>
        sql.Replace("{blob}", dialect.BlobType, StringComparison.Ordinal).Replace("{id}", dialect.IdType, StringComparison.Ordinal);

    private static List<Migration> Load()
    {
        var assembly = Assembly.GetExecutingAssembly();
        var migrations = new List<Migration>();
        foreach (
            var resource in assembly.GetManifestResourceNames().Where(name => name.StartsWith("Migrations/", StringComparison.Ordinal))
        )
        {
            var name = Path.GetFileNameWithoutExtension(resource["Migrations/".Length..]);
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            var number = int.Parse(name[..4], CultureInfo.InvariantCulture);
            migrations.Add(
                new(number, name[5..], reader.ReadToEnd())
                {
                    Then = number == PermissionsByIdentity.Number ? PermissionsByIdentity.RunAsync : null,
                }
            );
        }

        migrations.Sort((a, b) => a.Number.CompareTo(b.Number));
        return migrations;
    }
}
