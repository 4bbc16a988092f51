using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Primitives;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;

namespace Tokenry.Server.Platform.Http;

/// <summary>
/// The query of a list: <c>limit</c> (default 50, at most 200), <c>cursor</c> and the filters of the list (<see cref="KnownQuery"/> refuses others).
/// </summary>
public sealed class Listing : IBindableFromHttpContext<Listing>
{
    private const int DefaultLimit = 50;
    private const int MaxLimit = 200;

    private readonly IQueryCollection query;

    private Listing(IQueryCollection query, int usual = DefaultLimit)
    {
        this.query = query;
        Limit = usual;
        if (Text("limit") is { } text)
        {
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) || limit is 0 or > MaxLimit)
            {
                throw ProblemException.Invalid("limit", $"must be a number from 1 to {MaxLimit}");
            }

            Limit = limit;
        }
    }

    public int Limit { get; }

    /// <summary>The start of the page: a <see cref="Page{T}.NextCursor"/>. The cursor of a list is the sort key of the last item shown.</summary>
    public string? Cursor => Text("cursor");

    /// <summary>The same for code that asks for a list itself.</summary>
    public static Listing Of(params ReadOnlySpan<(string Name, string Value)> filters)
    {
        var asked = new Dictionary<string, StringValues>(StringComparer.Ordinal);
        foreach (var (name, value) in filters)
        {
            asked[name] = value;
        }

        return new Listing(new QueryCollection(asked));
    }

    /// <summary>The query that a form for people sends: a field without a value is no filter.</summary>
    /// <param name="query">The query.</param>
    /// <param name="usual">The limit if the query has none.</param>
    public static Listing OfForm(IQueryCollection query, int usual = DefaultLimit) =>
        new(
            new QueryCollection(
                query
                    .Where(pair => pair.Value.ToString().Trim().Length > 0)
                    .ToDictionary(
                        pair => pair.Key,
                        pair => pair.Value.Count == 1 ? new StringValues(pair.Value.ToString().Trim()) : pair.Value
                    )
            ),
            usual
        );

    /// <summary>The filters of those names that the query has.</summary>
    public IReadOnlyDictionary<string, string> Filters(params ReadOnlySpan<string> names)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            if (Text(name) is { } value)
            {
                found[name] = value;
            }
        }

        return found;
    }

    public static ValueTask<Listing?> BindAsync(HttpContext context, ParameterInfo parameter) =>
        ValueTask.FromResult<Listing?>(new Listing(context.Request.Query));

    public string? Text(string filter)
    {
        var values = query[filter];
        var text = values.Count switch
        {
            0 => null,
            1 => values[0],
            _ => throw ProblemException.Invalid(filter, "appears more than once"),
        };
        return text is null || (text.Length <= 2000 && Validation.IsClean(text))
            ? text
            : throw ProblemException.Invalid(filter, "must be at most 2000 characters, without control characters");
    }

    public DateTimeOffset? Time(string filter)
    {
        if (Text(filter) is not { } text)
        {
            return null;
        }

        return TimestampConverter.TryParse(text, out var time) && time >= DateTimeOffset.UnixEpoch
            ? time
            : throw ProblemException.Invalid(filter, "must be a time such as 2099-01-01T00:00:00Z");
    }

    public string? OneOf(string filter, params ReadOnlySpan<string> allowed)
    {
        var text = Text(filter);
        return text is null || allowed.Contains(text)
            ? text
            : throw ProblemException.Invalid(filter, $"must be one of {string.Join(", ", allowed.ToArray())}");
    }

    /// <summary>A filter by an id with one of these prefixes. It refuses an incomplete id, which would find nothing and look like an empty list.</summary>
    public string? Id(string filter, params ReadOnlySpan<string> prefixes)
    {
        if (Text(filter) is not { } text)
        {
            return null;
        }

        foreach (var prefix in prefixes)
        {
            if (PublicId.IsWellFormed(text, prefix))
            {
                return text;
            }
        }

        throw ProblemException.Invalid(filter, $"must be an id such as {string.Join("_… or ", prefixes.ToArray())}_…");
    }

    /// <summary>The id in the cursor; it must have one of these prefixes.</summary>
    public string? IdCursor(params ReadOnlySpan<string> prefixes)
    {
        if (Cursor is not { } cursor)
        {
            return null;
        }

        foreach (var prefix in prefixes)
        {
            if (PublicId.IsWellFormed(cursor, prefix))
            {
                return cursor;
            }
        }

        throw ProblemException.Invalid("cursor", "is not a cursor of this list: send the next_cursor of the page before");
    }

    /// <summary>Makes a page from <paramref name="rows"/>, of which the caller read one more than <see cref="Limit"/>.</summary>
    public Page<TItem> ToPage<TRow, TItem>(IReadOnlyList<TRow> rows, Func<TRow, TItem> item, Func<TRow, string> cursor) =>
        new([.. rows.Take(Limit).Select(item)], rows.Count > Limit ? cursor(rows[Limit - 1]) : null);
}
