namespace BillingJob;

/// <summary>The job cannot go on; the message says why, to whoever runs it.</summary>
internal class Refusal(string message) : Exception(message);

/// <summary>The token endpoint said no (RFC 6749 §5.2).</summary>
/// <param name="error">Its <c>error</c>.</param>
/// <param name="description">Its <c>error_description</c>.</param>
internal sealed class TokenRefused(string error, string? description) : Refusal($"no token: {error}, {description}")
{
    /// <summary>Whether it was the API that asks for more: then nothing weaker has to be tried.</summary>
    public bool IsAboutTarget => error == "invalid_target";
}
