namespace Tokenry.Server.Core.Apis;

/// <summary>How strongly a request proves its sender; a stronger proof satisfies a weaker requirement.</summary>
public enum Strength
{
    /// <summary>The request has the credential, which anyone who saw it could send.</summary>
    Bearer,

    /// <summary>The request itself is signed, so a captured one has no use.</summary>
    Signed,

    /// <summary>The token is bound to a key or certificate, and the request proves possession of it.</summary>
    Bound,
}
