namespace Tokenry.Server.Core.Credentials;

/// <summary>What is registered of a credential that its holder made. Nothing in it is secret.</summary>
/// <param name="Kind">Of <see cref="Protocol.Api.CredentialKind"/>.</param>
/// <param name="Json">As it is stored and shown.</param>
/// <param name="Masked">What people recognise it by.</param>
/// <param name="KeyId">What names it among its owner's of this kind, if something does: no two that are not revoked share it.</param>
public sealed record RegisteredMaterial(string Kind, string Json, string Masked, string? KeyId);
