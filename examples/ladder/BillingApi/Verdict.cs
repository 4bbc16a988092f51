namespace BillingApi;

/// <summary>What Tokenry says of one request: the members of its answer that matter here.</summary>
internal sealed record Verdict(bool Valid, string Code)
{
    /// <summary>The application or user.</summary>
    public string? Subject { get; init; }

    /// <summary>What it was known by.</summary>
    public string? CredentialId { get; init; }
}
