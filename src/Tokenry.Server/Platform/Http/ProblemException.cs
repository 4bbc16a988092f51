using Tokenry.Protocol.Api;

namespace Tokenry.Server.Platform.Http;

/// <summary>An answer other than success, thrown from wherever it is known and written by <see cref="ErrorFunnel"/>. The detail is public; what is not stays in audit and log.</summary>
public sealed class ProblemException(int status, string code, string detail) : Exception(detail)
{
    public int Status => status;

    public string Code => code;

    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }

    public IReadOnlyList<string>? MissingScopes { get; init; }

    /// <summary>The kinds of credential that would be accepted.</summary>
    public IReadOnlyList<string>? AcceptedCredentials { get; init; }

    /// <summary>What stands in the way of a deletion.</summary>
    public UsedBy? UsedBy { get; init; }

    /// <summary>How many there may be.</summary>
    public long? Limit { get; init; }

    /// <summary>When the credential ended, where that is why it is refused.</summary>
    public DateTimeOffset? ExpiredAt { get; init; }

    /// <summary>What the refused change would do to credentials.</summary>
    public RightsEffect? Effect { get; init; }

    /// <summary>Value of <c>WWW-Authenticate</c>; every 401 has one (RFC 9110 §15.5.2).</summary>
    public Challenge? Challenge { get; set; }

    /// <summary>Value of <c>Retry-After</c>.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What a denial was about, for the audit; never for the answer.</summary>
    public (string? Type, string? Id) Target { get; set; }

    public static ProblemException Invalid(string member, string fault) =>
        new(400, ProblemCode.InvalidRequest, "The request does not fit; see errors.")
        {
            Errors = new Dictionary<string, string[]>(StringComparer.Ordinal) { [member] = [fault] },
        };

    /// <summary>The same, byte for byte, whether there is no such thing or it is somebody else's.</summary>
    public static ProblemException NotFound() =>
        new(404, ProblemCode.NotFound, "Not found, or you do not have access. Check the method, the path and the ids.");

    public static ProblemException Exists(string detail) => new(409, ProblemCode.AlreadyExists, detail);
}
