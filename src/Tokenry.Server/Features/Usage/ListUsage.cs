using System.Buffers.Text;
using System.Data.Common;
using System.Text;
using System.Text.Json;
using Dapper;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Features.Usage;

/// <summary>Counts decisions by minute or hour, oldest first, grouped by the requested dimensions.</summary>
public sealed class ListUsage(Gate gate, TimeProvider time)
{
    public static readonly string[] Filters = ["span", "from", "to", "credential", "subject", "api", "scope", "code", "group"];

    /// <summary>The longest time range of one query. The store keeps minutes no longer; callers request longer reports month by month.</summary>
    private static readonly TimeSpan MostMinutes = TimeSpan.FromDays(2);
    private static readonly TimeSpan MostHours = TimeSpan.FromDays(31);

    private const string Minute = "minute";
    private const string Hour = "hour";
    private const string Scope = "scope";

    /// <summary>The dimensions of filters and groups, each with its column.</summary>
    private static readonly (string Name, string Column)[] Dimensions =
    [
        ("credential", "credential_id"),
        ("subject", "subject"),
        ("api", "api"),
        (Scope, "scope"),
        ("code", "code"),
    ];

    public Task<Page<UsageCount>> RunAsync(Caller caller, Listing listing)
    {
        listing.Id("credential", CredentialFamily.IdPrefixes);
        listing.Id("subject", "usr", "app");
        listing.OneOf("code", UseCodes.All);
        var span = listing.OneOf("span", Minute, Hour) ?? Hour;
        var length = span == Minute ? TimeSpan.FromMinutes(1) : TimeSpan.FromHours(1);
        var to = listing.Time("to") ?? time.GetUtcNow();
        var from = listing.Time("from") ?? Before(to, span == Minute ? TimeSpan.FromHours(1) : TimeSpan.FromDays(1));
        RefuseLongRange(span, to - from);
        var grouped = Grouped(listing);
        return gate.ReadAsync(
            caller,
            UsageApi.OwnOr(ManagementApi.UsageRead, caller),
            "usage.listed",
            async read =>
            {
                var (connection, _, reach, _) = read;
                var columns = string.Join(", ", grouped.Select(dimension => dimension.Column).Prepend("at"));
                var index = Dialect.Of(connection).By(Index(listing, reach));
                var parameters = new DynamicParameters();
                parameters.Add("span", span);
                parameters.Add("limit", listing.Limit + 1);
                var where = new StringBuilder("span = @span AND at >= @from AND at < @to").Append(
                    UsageApi.Within(caller, reach, parameters)
                );
                Filter(listing, where, parameters);
                // A use has one row without a scope, and one row for each scope that it needed.
                where.Append(
                    Array.Exists(grouped, dimension => dimension.Name == Scope) || listing.Text(Scope) is not null
                        ? " AND scope <> ''"
                        : " AND scope = ''"
                );
                var first = After(listing, grouped.Length + 1, columns, where, parameters) ?? 0;
                var step = (long)length.TotalMilliseconds;
                var rows = await ReadByTimeAsync(
                    connection,
                    $"SELECT {columns}, CAST(sum(uses) AS bigint) AS uses FROM usage_counters{index} WHERE {where} "
                        + $"GROUP BY {columns} ORDER BY {columns} LIMIT @limit",
                    parameters,
                    new Slices(Math.Max(first, from.ToUnixTimeMilliseconds() / step * step), to.ToUnixTimeMilliseconds(), step),
                    listing.Limit + 1
                );
                return listing.ToPage(rows, row => row.ToCount(), row => Cursor(row, grouped));
            }
        );
    }

    /// <summary>
    /// Reads the range in slices, each twice as long as the one before. The page starts with the oldest rows, so it is usually full long
    /// before the range ends; the cost follows the page, not the range.
    /// </summary>
    private static async Task<List<Row>> ReadByTimeAsync(
        DbConnection connection,
        string sql,
        DynamicParameters parameters,
        Slices slices,
        int most
    )
    {
        var rows = new List<Row>();
        for (var (from, length) = (slices.From, slices.Step); from < slices.To && rows.Count < most; length *= 2)
        {
            var end = Math.Min(slices.To, from + length);
            parameters.Add("from", from);
            parameters.Add("to", end);
            rows.AddRange(await connection.QueryAsync<Row>(sql, parameters));
            from = end;
        }

        return rows;
    }

    private static void RefuseLongRange(string span, TimeSpan range)
    {
        var most = span == Minute ? MostMinutes : MostHours;
        if (range > most)
        {
            throw ProblemException.Invalid(
                "from",
                $"must be at most {most.TotalDays} days before 'to' with span={span}; split a longer range into several requests"
            );
        }
    }

    /// <summary>The index that SQLite must use. The ORDER BY would make it choose the primary key and read the counters of all credentials.</summary>
    private static string? Index(Listing listing, Reach reach) =>
        listing.Text("credential") is not null || reach is { Organization: not null, OwnOf: null } ? "usage_counters_credential_id"
        : reach.OwnOf is not null || listing.Text("subject") is not null ? "usage_counters_subject"
        : null;

    private static DateTimeOffset Before(DateTimeOffset to, TimeSpan past) =>
        to - DateTimeOffset.UnixEpoch > past ? to - past : DateTimeOffset.UnixEpoch;

    private static (string Name, string Column)[] Grouped(Listing listing)
    {
        if (listing.Text("group") is not { } text)
        {
            return Array.FindAll(Dimensions, dimension => dimension.Name != Scope || listing.Text(Scope) is not null);
        }

        var names = text.Length == 0 ? [] : text.Split(',');
        var unknown = Array.Find(names, name => !Array.Exists(Dimensions, dimension => dimension.Name == name));
        return unknown is null
            ? Array.FindAll(Dimensions, dimension => names.Contains(dimension.Name))
            : throw ProblemException.Invalid(
                "group",
                $"'{Validation.Shown(unknown)}' is not one of {string.Join(", ", Dimensions.Select(dimension => dimension.Name))}"
            );
    }

    private static void Filter(Listing listing, StringBuilder where, DynamicParameters parameters)
    {
        foreach (var (name, column) in Dimensions)
        {
            if (listing.Text(name) is not { } value)
            {
                continue;
            }

            where.Append($" AND {column} = @{name}");
            parameters.Add(name, value);
        }
    }

    /// <returns>The bucket time at which the previous page ended; <c>null</c> on the first page.</returns>
    private static long? After(Listing listing, int count, string columns, StringBuilder where, DynamicParameters parameters)
    {
        if (listing.Cursor is not { } cursor)
        {
            return null;
        }

        if (Decode(cursor) is not [JsonElement { ValueKind: JsonValueKind.Number } at, .. var rest] || rest.Length != count - 1)
        {
            throw ProblemException.Invalid("cursor", "is not a cursor of this list; use next_cursor of the previous page unchanged");
        }

        where.Append($" AND ({columns}) > (@c0{string.Concat(rest.Select((_, i) => $", @c{i + 1}"))})");
        if (!at.TryGetInt64(out var number))
        {
            throw ProblemException.Invalid("cursor", "is not a cursor of this list; use next_cursor of the previous page unchanged");
        }

        parameters.Add("c0", number);
        for (var i = 0; i < rest.Length; i++)
        {
            parameters.Add($"c{i + 1}", rest[i].ValueKind == JsonValueKind.String ? rest[i].GetString() : "");
        }

        return number;
    }

    private static string Cursor(Row row, (string Name, string Column)[] grouped) =>
        Base64Url.EncodeToString(
            JsonSerializer.SerializeToUtf8Bytes<object?[]>([row.At, .. grouped.Select(dimension => row.Value(dimension.Name))])
        );

    private static JsonElement[]? Decode(string cursor)
    {
        try
        {
            var values = JsonSerializer.Deserialize<JsonElement[]>(Base64Url.DecodeFromChars(cursor));
            return values is not null && Array.TrueForAll(values, value => value.ValueKind != JsonValueKind.String || IsText(value))
                ? values
                : null;
        }
        catch (Exception exception) when (exception is FormatException or JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static bool IsText(JsonElement value) => Validation.IsClean(value.GetString()!);

    /// <summary>The range in Unix milliseconds, and the length of the first slice.</summary>
    private sealed record Slices(long From, long To, long Step);

    private sealed class Row
    {
        public long At { get; init; }

        public string? CredentialId { get; init; }

        public string? Subject { get; init; }

        public string? Api { get; init; }

        public string? Scope { get; init; }

        public string? Code { get; init; }

        public long Uses { get; init; }

        public string Value(string dimension) =>
            dimension switch
            {
                "credential" => CredentialId,
                "subject" => Subject,
                "api" => Api,
                "scope" => Scope,
                _ => Code,
            } ?? "";

        public UsageCount ToCount() =>
            new()
            {
                At = DateTimeOffset.FromUnixTimeMilliseconds(At),
                CredentialId = CredentialId,
                Subject = Subject,
                Api = Api,
                Scope = Scope,
                Code = Code,
                Count = Uses,
            };
    }
}
