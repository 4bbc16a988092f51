using Tokenry.Protocol.Api;

namespace Tokenry.Server.Platform.Http;

/// <summary>
/// An error answer. Code throws it where the error is known, and <see cref="ErrorFunnel"/> writes it. The detail is public; put the rest into audit and log.
/// </summary>
public sealed class ProblemException(int status, string code, string detail) : Exception(detail)
{
    public int Status => status;

    public string Code => code;

    public IReadOnlyDictionary<string, FieldFault[]>? Errors { get; init; }

    public IReadOnlyList<string>? MissingScopes { get; init; }

    /// <summary>What a page says in its language in place of the detail; <c>null</c> = the text of the code, and the detail.</summary>
    public PageText? Text { get; init; }

    /// <summary>The accepted kinds of credential.</summary>
    public IReadOnlyList<string>? AcceptedCredentials { get; init; }

    /// <summary>What prevents a deletion.</summary>
    public UsedBy? UsedBy { get; init; }

    /// <summary>The limit that was reached.</summary>
    public long? Limit { get; init; }

    /// <summary>When the credential expired, if that is why it is refused.</summary>
    public DateTimeOffset? ExpiredAt { get; init; }

    /// <summary>The rule of a policy that refuses it.</summary>
    public PolicyViolation? Policy { get; init; }

    /// <summary>What the refused change would do to credentials.</summary>
    public RightsEffect? Effect { get; init; }

    /// <summary>Value of <c>WWW-Authenticate</c>; every 401 has one (RFC 9110 §15.5.2).</summary>
    public Challenge? Challenge { get; set; }

    /// <summary>Value of <c>Retry-After</c>.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The target of a denied action, for the audit only; the answer does not contain it.</summary>
    public (string? Type, string? Id) Target { get; set; }

    /// <summary>Whether a form is shown again with this refusal, and with what was typed: the input, a right, the state of a thing or a policy stands against it.</summary>
    public bool IsForForm => status is 400 or 403 or 409 or 422;

    public static ProblemException Invalid(string member, FieldFault fault) =>
        new(400, ProblemCode.InvalidRequest, "The request is not valid. See errors.")
        {
            Errors = new Dictionary<string, FieldFault[]>(StringComparer.Ordinal) { [member] = [fault] },
        };

    /// <summary>The same answer, byte for byte, for a thing that does not exist and one that the caller may not see.</summary>
    public static ProblemException NotFound() =>
        new(404, ProblemCode.NotFound, "Not found, or you do not have access. Check the method, the path and the ids.");

    public static ProblemException Exists(string detail, PageText? text = null) =>
        new(409, ProblemCode.AlreadyExists, detail) { Text = text };
}
