namespace Tokenry.Server.Platform.Settings;

/// <summary>Where the store and its files are. A class and not a record: a record would print the connection string. Keys: <c>docs/configuration.md</c>.</summary>
public sealed class StoreOptions
{
    internal static readonly string[] Keys = ["DataDirectory", "KeyFile", "AuditHeadFile"];

    /// <summary>The data directory, as a full path.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>The file with the pepper, the key-encryption key and the audit key.</summary>
    public required string KeyFile { get; init; }

    /// <summary>The file that keeps the newest signed audit head outside the database.</summary>
    public required string AuditHeadFile { get; init; }

    /// <summary>PostgreSQL's connection string; <c>null</c> = SQLite in the data directory.</summary>
    public required string? ConnectionString { get; init; }

    /// <summary>The database file of SQLite.</summary>
    public string DatabasePath => Path.Combine(DataDirectory, "tokenry.db");

    /// <summary>Whether the store is on PostgreSQL.</summary>
    public bool UsesPostgres => ConnectionString is not null;

    internal static StoreOptions Read(IConfigurationSection section, string? connection, List<string> faults)
    {
        if (connection is not null)
        {
            ConnectionSetting.Check(connection, faults);
        }

        var directory = PathSetting.Read(section, "DataDirectory", "data", faults);
        var keyFile = PathSetting.Read(section, "KeyFile", Path.Combine(directory, "tokenry.keys"), faults);
        return new StoreOptions
        {
            DataDirectory = directory,
            KeyFile = keyFile,
            AuditHeadFile = PathSetting.Read(
                section,
                "AuditHeadFile",
                Path.Combine(Path.GetDirectoryName(keyFile) ?? directory, "audit-head"),
                faults
            ),
            ConnectionString = connection,
        };
    }
}
