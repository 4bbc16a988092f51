namespace Tokenry.Protocol.Api;

/// <summary>Body of <c>POST /v1/applications/{id}/transfer</c>.</summary>
public sealed record ApplicationTransferRequest
{
    /// <summary>
    /// <c>usr_…</c>: the enabled user who owns the application from now on and limits its rights. The present owner may be named again. <c>null</c> = no owner.
    /// </summary>
    public required string? Owner { get; init; }

    /// <summary>The organization that owns the application from now on, with <c>owner</c> null. Absent = none.</summary>
    public string? OrganizationId { get; init; }
}

/// <summary>Answer of <c>POST /v1/applications/{id}/transfer</c>.</summary>
public sealed record ApplicationTransfer
{
    /// <summary>The application with its new owner.</summary>
    public required Application Application { get; init; }

    /// <summary>The credentials that go with the application: a holder of one of their secrets acts as the application, under every owner.</summary>
    public required TransferredCredentials Credentials { get; init; }
}

/// <summary>The credentials of a transferred application that are not revoked.</summary>
/// <param name="Count">Number of credentials.</param>
/// <param name="Items">The first 200 of them, oldest first.</param>
public sealed record TransferredCredentials(long Count, IReadOnlyList<TransferredCredential> Items);

/// <summary>One of these credentials. A caller with <c>credentials:read</c> lists all of them with <c>GET /v1/credentials?owner=…</c>.</summary>
/// <param name="Id"><c>key_…</c>, <c>sec_…</c>, <c>jwk_…</c>, <c>crt_…</c> or <c>fed_…</c></param>
/// <param name="Kind">One of <see cref="CredentialKind"/>.</param>
/// <param name="Name">A name for people.</param>
public sealed record TransferredCredential(string Id, string Kind, string Name);
