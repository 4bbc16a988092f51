using Microsoft.AspNetCore.WebUtilities;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Apis;

/// <summary>How a client may send a credential at the gateway door of one API: <c>bearer x_api_key basic query header:&lt;Name&gt;</c>.</summary>
public sealed class ApiCarriers
{
    public const string Bearer = "bearer";
    public const string XApiKey = "x_api_key";
    public const string Basic = "basic";
    public const string Query = "query";
    public const string HeaderPrefix = "header:";

    public static readonly ApiCarriers Default = Of([Bearer, XApiKey]);

    /// <summary>RFC 6750 §2.3: never accepted (RFC 9700 §4.3.2), whatever the API accepts.</summary>
    private const string AccessTokenParameter = "access_token";

    /// <summary>The query parameter of an API key, if the API accepts credentials in the query.</summary>
    private const string ApiKeyParameter = "api_key";

    /// <summary>A parameter name that other APIs use for other purposes. It is a credential only if its value looks like one.</summary>
    private const string KeyParameter = "key";

    // Headers with another meaning for servers and proxies, or headers of another carrier.
    private static readonly string[] TakenHeaders =
    [
        "authorization",
        "proxy-authorization",
        "cookie",
        "host",
        "connection",
        "content-length",
        "transfer-encoding",
        "x-api-key",
        "dpop",
        "signature",
        "signature-input",
        "content-digest",
        "forwarded",
        "user-agent",
        "referer",
        "origin",
        "accept",
        "content-type",
        "idempotency-key",
        "traceparent",
        "tracestate",
        "baggage",
    ];

    private readonly bool takesBearer;
    private readonly bool takesXApiKey;
    private readonly bool takesBasic;
    private readonly bool takesQuery;
    private readonly string[] headers;

    private ApiCarriers(IReadOnlyList<string> carriers)
    {
        takesBearer = carriers.Contains(Bearer);
        takesXApiKey = carriers.Contains(XApiKey);
        takesBasic = carriers.Contains(Basic);
        takesQuery = carriers.Contains(Query);
        headers =
        [
            .. carriers.Where(carrier => carrier.StartsWith(HeaderPrefix, StringComparison.Ordinal)).Select(c => c[HeaderPrefix.Length..]),
        ];
        Challenge = (takesBearer, takesBasic) switch
        {
            (true, true) => Challenge.BearerOrBasic,
            (true, false) => Challenge.Bearer,
            (false, true) => Challenge.Basic,
            _ => Challenge.ApiKey,
        };
    }

    /// <summary>Whether clients send tokens in <c>Authorization</c>, by the schemes <c>Bearer</c> and <c>DPoP</c>.</summary>
    public bool TakesAuthorization => takesBearer;

    /// <summary>The schemes by which the API takes credentials.</summary>
    public Challenge Challenge { get; }

    public static ApiCarriers Of(IReadOnlyList<string> carriers) => new(carriers);

    public static bool IsCarrier(string carrier) =>
        carrier is Bearer or XApiKey or Basic or Query
        || carrier.StartsWith(HeaderPrefix, StringComparison.Ordinal)
            && carrier[HeaderPrefix.Length..] is { Length: > 0 and <= 100 } name
            && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')
            && !TakenHeaders.Contains(name, StringComparer.OrdinalIgnoreCase)
            && !name.StartsWith("X-Tokenry-", StringComparison.OrdinalIgnoreCase)
            && !name.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase)
            && !name.StartsWith("X-Original-", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Reads the credential of the request behind a door. <c>Authorization</c> and <c>X-API-Key</c> always count, so that a request with two
    /// credentials is refused whatever the API accepts. If the API does not accept them, they count as an invalid credential.
    /// </summary>
    /// <param name="request">The request's headers.</param>
    /// <param name="query">The query of the original request, from the question mark on, if a trusted proxy sent it.</param>
    /// <param name="isOurs">Whether a value looks like one of our credentials. If so, <c>key</c> is a credential, whatever the API accepts.</param>
    public Carrier Read(IHeaderDictionary request, string? query, Func<string, bool> isOurs)
    {
        var found = new Found();
        foreach (var value in request.Authorization)
        {
            found.Add(FromAuthorization(value ?? "", out var isDpop));
            found.IsDpop |= isDpop;
        }

        foreach (var value in request["X-API-Key"])
        {
            found.Add(takesXApiKey ? value ?? "" : "");
        }

        foreach (var name in headers)
        {
            foreach (var value in request[name])
            {
                found.Add(value ?? "");
            }
        }

        if (!string.IsNullOrEmpty(query))
        {
            FromQuery(query, isOurs, ref found);
        }

        return new(found.Presented, found.Count > 1)
        {
            IsDpop = found.IsDpop,
            IsInQuery = found.InQuery,
            IsRefusedQuery = found.RefusedQuery,
        };
    }

    private string FromAuthorization(string value, out bool isDpop)
    {
        isDpop = Carrier.TryDpop(value, out var bound);
        if (isDpop)
        {
            return takesBearer ? bound : "";
        }

        if (Carrier.TryBearer(value, out var bearer))
        {
            return takesBearer ? bearer : "";
        }

        if (!takesBasic || !BasicPair.TryRead(value, out var user, out var password))
        {
            return "";
        }

        // The password is the credential, and the user name can be anything (RFC 7617). A client with one field sends the credential as user
        // name, with an empty password.
        return System.Text.Encoding.Latin1.GetString(password.Length > 0 ? password : user);
    }

    private void FromQuery(string query, Func<string, bool> isOurs, ref Found found)
    {
        foreach (var parameter in new QueryStringEnumerable(query))
        {
            var name = parameter.DecodeName().Span;
            if (name.Equals(AccessTokenParameter, StringComparison.OrdinalIgnoreCase))
            {
                found.RefusedQuery = true;
                continue;
            }

            var isKey = name.Equals(KeyParameter, StringComparison.OrdinalIgnoreCase);
            if (!isKey && !name.Equals(ApiKeyParameter, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            var value = parameter.DecodeValue().ToString();
            if (takesQuery && (!isKey || isOurs(value)))
            {
                found.Add(value);
                found.InQuery = true;
            }
            else if (isOurs(value))
            {
                found.RefusedQuery = true;
            }
        }
    }

    private struct Found
    {
        public int Count { get; private set; }

        public string? Presented { get; private set; }

        public bool IsDpop { get; set; }

        public bool InQuery { get; set; }

        public bool RefusedQuery { get; set; }

        public void Add(string presented)
        {
            Count++;
            Presented = presented;
        }
    }
}
