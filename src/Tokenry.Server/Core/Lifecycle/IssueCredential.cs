using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>
/// The part of issuing that is the same for every kind: form, minting rule, secret or registered material, row. The features' own operations (CreateApiKey,
/// CreatePublicKey, …) choose kind, owner and defaults, inside their Gate.
/// </summary>
public sealed class IssueCredential(SecretMint mint, RecoverableSecrets recoverable, Caps caps, Brands brands, TimeProvider time)
{
    /// <param name="operation">Its audit entry's target becomes the new credential. The minting rule and the caps bound its caller.</param>
    /// <param name="owner">The owner of the new credential.</param>
    /// <param name="kind">One of <see cref="CredentialKind"/>, opaque.</param>
    /// <param name="draft">The request, checked for form.</param>
    public Task<Credential> RunAsync(OperationContext operation, PrincipalFacts owner, string kind, CredentialDraft draft) =>
        StoreAsync(operation, operation, owner, draft, New(kind));

    /// <summary>
    /// Issues for the server itself, on the word of an operator on the host; neither the minting rule nor a cap nor a policy applies, so that a policy locks no
    /// operator out.
    /// </summary>
    /// <inheritdoc cref="RunAsync"/>
    public Task<Credential> RunAsServerAsync(AuditedOperation operation, PrincipalFacts owner, string kind, CredentialDraft draft) =>
        StoreAsync(operation, bound: null, owner, draft, New(kind));

    /// <summary>Registers a credential that its holder made: a public key, a certificate, another issuer's identity.</summary>
    /// <inheritdoc cref="RunAsync"/>
    public Task<Credential> RegisterAsync(
        OperationContext operation,
        PrincipalFacts owner,
        CredentialDraft draft,
        RegisteredMaterial material
    ) => StoreAsync(operation, operation, owner, draft, Registered(material));

    /// <summary>
    /// Registers the replacement of a credential, authorised by that credential alone; neither the minting rule nor a cap applies. Policies do: the
    /// replacement lives as long as a new one.
    /// </summary>
    /// <inheritdoc cref="RegisterAsync"/>
    /// <param name="operation">Its audit entry's target becomes the new credential.</param>
    /// <param name="owner">The owner of the new credential.</param>
    /// <param name="draft">What the replacement may do: no more than the replaced one, so that it needs no other approval.</param>
    /// <param name="material">Its material.</param>
    /// <param name="replaced">The credential that it replaces.</param>
    public Task<Credential> RegisterNextAsync(
        OperationContext operation,
        PrincipalFacts owner,
        CredentialDraft draft,
        RegisteredMaterial material,
        CredentialRow replaced
    ) => StoreAsync(operation, operation, owner, draft, Registered(material) with { Replaces = replaced });

    private NewCredential New(string kind)
    {
        var secret = mint.New(kind);
        return new(secret.Id, kind, secret.Masked) { Secret = secret };
    }

    private NewCredential Registered(RegisteredMaterial material) =>
        new(
            PublicId.Create(CredentialFamily.Of(material.Kind).IdPrefix, PublicId.NewUuid7(time.GetUtcNow())),
            material.Kind,
            material.Masked
        )
        {
            Material = material,
        };

    /// <param name="operation">The transaction and the entry.</param>
    /// <param name="bound">The same with its caller, if policies apply; <c>null</c> = neither they nor minting rule and caps apply.</param>
    /// <param name="owner">The owner of the new credential.</param>
    /// <param name="draft">The request, checked for form.</param>
    /// <param name="made">Its secret, or the registered material.</param>
    private async Task<Credential> StoreAsync(
        AuditedOperation operation,
        OperationContext? bound,
        PrincipalFacts owner,
        CredentialDraft draft,
        NewCredential made
    )
    {
        var (tx, entry, catalog) = operation;
        var caller = made.Replaces is null ? bound?.Caller : null;
        var now = time.GetUtcNow();
        var policies = bound is null ? CredentialPolicies.None : await PolicyCheck.ReadAsync(bound, draft.OrganizationsOf(owner));
        var asked = (caller is null ? draft : draft.Within(caller, owner, made.Kind).EndingBy(policies.Latest(made.Kind, now)))
            .Checked(catalog, made.Kind)
            .Or(made.Kind, () => Rights.Snapshot(catalog, owner, draft.Terms.ObjectPatterns()))
            .InOrganizations(catalog, owner);
        if (asked.ExpiresAt <= now)
        {
            throw ProblemException.Invalid("expires_at", Validation.Past);
        }

        if (caller is not null)
        {
            MintingRule.Check(catalog, caller, bound!.Reach, Minted(owner, made.Kind, asked));
        }

        policies.Require(new(made.Kind, asked.ExpiresAt, asked.Terms.AllowedIps, asked.Terms.Recoverable == true), now);
        var row = new CredentialRow
        {
            Id = made.Id,
            Kind = made.Kind,
            OwnerId = owner.Id,
            OwnerType = owner.Type,
            OwnerOwnerId = owner.OwnerId,
            OrganizationId = owner.ActsIn,
            ActsIn = owner.Home is null ? owner.ActsIn : null,
            Name = asked.Name,
            Masked = made.Masked,
            Permissions = asked.Grants,
            CreatedAt = now.ToUnixTimeMilliseconds(),
            CreatedBy = caller?.Principal.Id,
            // Not a session: the person made it, and a session leaves no row that a lineage could follow.
            CreatedWith = caller?.Credential.Stored?.Id,
            ExpiresAt = asked.ExpiresAt?.ToUnixTimeMilliseconds(),
            NotBefore = asked.NotBefore?.ToUnixTimeMilliseconds(),
            Terms = asked.Terms,
            Material = made.Material?.Json,
            KeyId = made.Material?.KeyId,
            SigningPepperVersion = asked.Terms.Signs ? made.Secret?.PepperVersion : null,
            State = "active",
        };
        row =
            made.Replaces is { } replaced ? ApprovalDemand.Inherit(row, replaced)
            : bound is null ? row
            : ApprovalDemand.Judge(bound, policies, row, Justification(draft));
        var count = await CredentialStore.InsertAsync(tx, row, made.Secret);
        if (asked.Terms.Recoverable == true)
        {
            await recoverable.KeepAsync(tx, made.Secret!, CredentialStore.FirstVersion);
        }

        if (caller is not null)
        {
            await caps.CheckCredentialsAsync(tx, owner, count, row.CreatedAt);
        }

        await PolicyCheck.RequireRoomAsync(tx, policies, row, now);

        entry.TargetType = made.Kind;
        entry.TargetId = row.Id;
        entry.OrganizationId = row.OrganizationId;
        var credential = row.ToCredential(
            catalog,
            now.ToUnixTimeMilliseconds(),
            made.Secret?.Secret,
            asked.Terms.Signs ? mint.SigningKey(made.Secret!, CredentialStore.FirstVersion) : null
        );
        entry.Changes = AuditChanges.Made(credential);
        if (ApprovalDemand.AtOnce(row) is { } why && made.Replaces is null)
        {
            tx.Record(entry.With("approval.approved_at_once", made.Kind, row.Id, why));
        }

        return credential;
    }

    /// <summary>What the request says to the person who approves, with possible credentials masked.</summary>
    private string? Justification(CredentialDraft draft)
    {
        if (string.IsNullOrWhiteSpace(draft.Justification))
        {
            return null;
        }

        var check = new Validation();
        check.Text("justification", draft.Justification, ApprovalDemand.LongestJustification);
        check.ThrowIfAny();
        return brands.Redact(draft.Justification.Trim());
    }

    /// <summary>A stored credential, as input of the minting rule.</summary>
    internal static async Task<MintedCredential> MintedAsync(WriteTransaction tx, CredentialRow row) =>
        Minted(
            await PrincipalStore.FactsAsync(tx, row.OwnerId, row.ActsIn),
            row.Kind,
            new CredentialDraft
            {
                Name = row.Name,
                Grants = row.Permissions,
                Terms = row.Terms,
                ExpiresAt = row.Expiry,
            }
        );

    internal static MintedCredential Minted(PrincipalFacts owner, string kind, CredentialDraft draft) =>
        new()
        {
            Owner = owner,
            Permissions = GrantSet.OfNullable(draft.Grants),
            ReachesAll = CredentialKind.IsClientAuthentication(kind),
            ReachesNothing = kind == CredentialKind.AnonymousApiKey,
            Terms = draft.Terms,
            ExpiresAt = draft.ExpiresAt,
        };

    /// <summary>A credential to store: made here with its secret, or registered.</summary>
    private sealed record NewCredential(string Id, string Kind, string Masked)
    {
        public MintedSecret? Secret { get; init; }

        public RegisteredMaterial? Material { get; init; }

        /// <summary>The credential that it replaces, which is all that its holder needs.</summary>
        public CredentialRow? Replaces { get; init; }
    }
}
