using System.Data.Common;
using Npgsql;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Platform.Settings;

/// <summary>Reports faults of <c>ConnectionStrings:Tokenry</c> by the keyword alone, because a value may be the password.</summary>
internal static class ConnectionSetting
{
    private const string Example = "such as Host=db;Database=tokenry;Username=tokenry";

    /// <summary>The most common keywords, for a suggestion.</summary>
    private static readonly string[] Keywords =
    [
        "Host",
        "Port",
        "Database",
        "Username",
        "Password",
        "Passfile",
        "SSL Mode",
        "Root Certificate",
        "SSL Certificate",
        "SSL Key",
        "Search Path",
        "Timeout",
        "Command Timeout",
        "Maximum Pool Size",
        "Minimum Pool Size",
        "Application Name",
        "Options",
    ];

    public static void Check(string connection, List<string> faults)
    {
        try
        {
            if (string.IsNullOrEmpty(new NpgsqlConnectionStringBuilder(connection).Host))
            {
                faults.Add("ConnectionStrings:Tokenry names no Host. Leave it out for SQLite.");
            }
        }
        catch (Exception exception) when (IsRefusal(exception))
        {
            faults.Add($"ConnectionStrings:Tokenry is not a PostgreSQL connection string {Example}{Detail(connection)}.");
        }
    }

    private static string Detail(string connection)
    {
        try
        {
            var pairs = new DbConnectionStringBuilder { ConnectionString = connection };
            var wrong = pairs.Keys.Cast<string>().FirstOrDefault(key => !IsTaken(key, pairs[key]));
            return wrong is null ? ""
                : Keywords.Contains(wrong, StringComparer.OrdinalIgnoreCase) ? $": the value of {wrong} does not fit"
                : $": it has no keyword '{wrong}'{(NearestName.Of(wrong, Keywords) is { } near ? $"; did you mean {near}" : "")}";
        }
        catch (ArgumentException)
        {
            return ": it is no list of Keyword=value, separated by semicolons";
        }
    }

    private static bool IsTaken(string key, object value)
    {
        try
        {
            _ = new NpgsqlConnectionStringBuilder { [key] = value };
            return true;
        }
        catch (Exception exception) when (IsRefusal(exception))
        {
            return false;
        }
    }

    private static bool IsRefusal(Exception exception) =>
        exception is ArgumentException or FormatException or InvalidOperationException or InvalidCastException or OverflowException;
}
