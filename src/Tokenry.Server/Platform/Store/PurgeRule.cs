namespace Tokenry.Server.Platform.Store;

/// <summary>A rule for what <see cref="Purge"/> removes from a table. The room that owns the table declares it beside the table's SQL.</summary>
/// <param name="Sql">A statement that removes at most <c>@step</c> rows that ended before <c>@before</c> (Unix ms).</param>
/// <param name="Kept">How long a row stays after its end.</param>
public sealed record PurgeRule(string Sql, TimeSpan Kept);
