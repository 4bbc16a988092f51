using Tokenry.Protocol.Api;
using Tokenry.Protocol.Proofs;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Authentication;

/// <summary>How a door asks a client to sign a request: <c>Accept-Signature</c> (RFC 9421 §5.1). <c>WWW-Authenticate</c> has no scheme for it.</summary>
public static class SignatureChallenge
{
    public const string HeaderName = "Accept-Signature";

    private const string Parameters = $"created;tag=\"{MessageSignatureValidator.Tag}\"";
    private const string WithoutBody = $"tokenry=(\"@method\" \"@authority\" \"@path\" \"@query\");{Parameters}";
    private const string WithBody = $"tokenry=(\"@method\" \"@authority\" \"@path\" \"@query\" \"{ContentDigest.FieldName}\");{Parameters}";

    /// <summary>The refusal of a request that is not signed, or whose signature is not valid.</summary>
    /// <param name="answer">Gets the header.</param>
    /// <param name="method">The request's method.</param>
    /// <param name="challenge">The challenge of the door; the error is filled in here.</param>
    public static ProblemException Refusal(IHeaderDictionary answer, string method, in Challenge challenge)
    {
        answer[HeaderName] = HttpMessage.UsuallyHasContent(method) ? WithBody : WithoutBody;
        return new(
            401,
            ProblemCode.InvalidToken,
            "Sign the request with the key of a credential that is good here. The signature is missing, was used before or is not good."
        )
        {
            Challenge = challenge with { Error = ChallengeError.SignedOnly },
        };
    }
}
