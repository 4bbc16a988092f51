using System.Globalization;
using System.Reflection;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;

namespace Tokenry.Server.Platform.Http;

/// <summary>The query of a list: <c>limit</c> (50, at most 200), <c>cursor</c> and the filters that the list knows (<see cref="KnownQuery"/> refuses any other).</summary>
public sealed class Listing : IBindableFromHttpContext<Listing>
{
    private const int DefaultLimit = 50;
    private const int MaxLimit = 200;

    private readonly IQueryCollection query;

    private Listing(IQueryCollection query)
    {
        this.query = query;
        Limit = DefaultLimit;
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

    /// <summary>Where the page starts: what <see cref="Page{T}.NextCursor"/> said. A list's cursor is the sort key of the last item shown.</summary>
    public string? Cursor => Text("cursor");

    public static ValueTask<Listing?> BindAsync(HttpContext context, ParameterInfo parameter) =>
        ValueTask.FromResult<Listing?>(new Listing(context.Request.Query));

    public string? Text(string filter)
    {
        var values = query[filter];
        var text = values.Count switch
        {
            0 => null,
            1 => values[0],
            _ => throw ProblemException.Invalid(filter, "stands twice"),
        };
        return text is null || (text.Length <= 2000 && Validation.IsClean(text))
            ? text
            : throw ProblemException.Invalid(filter, "is not valid text");
    }

    public DateTimeOffset? Time(string filter)
    {
        if (Text(filter) is not { } text)
        {
            return null;
        }

        return TimestampConverter.TryParse(text, out var time) && time >= DateTimeOffset.UnixEpoch
            ? time
            : throw ProblemException.Invalid(filter, "is not a time such as 2099-01-01T00:00:00Z");
    }

    public string? OneOf(string filter, params ReadOnlySpan<string> allowed)
    {
        var text = Text(filter);
        return text is null || allowed.Contains(text)
            ? text
            : throw ProblemException.Invalid(filter, $"must be one of {string.Join(", ", allowed.ToArray())}");
    }

    /// <summary>A filter by an id with one of these prefixes. An id cut short would find nothing, as if there were nothing to find.</summary>
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

        throw ProblemException.Invalid(filter, $"is not an id such as {string.Join("_… or ", prefixes.ToArray())}_…");
    }

    /// <summary>The id the cursor stands for, if it is one.</summary>
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

        throw ProblemException.Invalid("cursor", "is not a cursor of this list");
    }

    /// <summary>Cuts <paramref name="rows"/>, of which one more than <see cref="Limit"/> was read, into a page.</summary>
    public Page<TItem> ToPage<TRow, TItem>(IReadOnlyList<TRow> rows, Func<TRow, TItem> item, Func<TRow, string> cursor) =>
        new([.. rows.Take(Limit).Select(item)], rows.Count > Limit ? cursor(rows[Limit - 1]) : null);
}
