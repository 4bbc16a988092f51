namespace Hub;

/// <summary>The section <c>Hub</c> of the configuration.</summary>
/// <param name="Tokenry">Tokenry's address, which is the issuer of its tokens.</param>
/// <param name="Identifier">This API, as tokens name it in <c>aud</c>.</param>
/// <param name="KeyFile">The hub's own API key, to ask Tokenry about its tokens.</param>
/// <param name="Folder">Where it keeps what it needs to start while Tokenry is away.</param>
internal sealed record HubSettings(Uri Tokenry, string Identifier, string KeyFile, string Folder)
{
    public string Issuer => Tokenry.GetLeftPart(UriPartial.Authority);
}
