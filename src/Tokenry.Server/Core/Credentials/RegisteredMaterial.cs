namespace Tokenry.Server.Core.Credentials;

/// <summary>The registered data of a credential that its holder made. Nothing in it is secret.</summary>
/// <param name="Kind">One of <see cref="Protocol.Api.CredentialKind"/>.</param>
/// <param name="Json">As it is stored and shown.</param>
/// <param name="Masked">The text by which people recognise it.</param>
/// <param name="KeyId">Its name among its owner's of this kind, if it has one; no two unrevoked ones share it.</param>
public sealed record RegisteredMaterial(string Kind, string Json, string Masked, string? KeyId);
