using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>
/// How the API reads and writes JSON: snake_case, strict (no unknown members, no duplicates, depth 16), with times as in <see cref="TimestampConverter"/>.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    Converters = [typeof(TimestampConverter)]
)]
[JsonSerializable(typeof(BulkAnswer))]
[JsonSerializable(typeof(BulkRevocationRequest))]
[JsonSerializable(typeof(BulkRotationRequest))]
[JsonSerializable(typeof(ApiResource))]
[JsonSerializable(typeof(ApiResourceRequest))]
[JsonSerializable(typeof(ApiResourcePatch))]
[JsonSerializable(typeof(Page<ApiResource>))]
[JsonSerializable(typeof(Role))]
[JsonSerializable(typeof(RoleRequest))]
[JsonSerializable(typeof(RolePatch))]
[JsonSerializable(typeof(Page<Role>))]
[JsonSerializable(typeof(User))]
[JsonSerializable(typeof(UserRequest))]
[JsonSerializable(typeof(UserPatch))]
[JsonSerializable(typeof(Page<User>))]
[JsonSerializable(typeof(Application))]
[JsonSerializable(typeof(ApplicationRequest))]
[JsonSerializable(typeof(ApplicationPatch))]
[JsonSerializable(typeof(Page<Application>))]
[JsonSerializable(typeof(Organization))]
[JsonSerializable(typeof(OrganizationRequest))]
[JsonSerializable(typeof(OrganizationPatch))]
[JsonSerializable(typeof(Page<Organization>))]
[JsonSerializable(typeof(OrganizationMemberRequest))]
[JsonSerializable(typeof(OrganizationRolesRequest))]
[JsonSerializable(typeof(ObjectRoles))]
[JsonSerializable(typeof(MembershipChange))]
[JsonSerializable(typeof(Page<OrganizationMember>))]
[JsonSerializable(typeof(AccessReview))]
[JsonSerializable(typeof(AccessReviewPage))]
[JsonSerializable(typeof(AccessReviewLine))]
[JsonSerializable(typeof(AccessReviewRequest))]
[JsonSerializable(typeof(ReviewSignature))]
[JsonSerializable(typeof(Page<AccessReview>))]
[JsonSerializable(typeof(Calendar))]
[JsonSerializable(typeof(Invitation))]
[JsonSerializable(typeof(InvitationRequest))]
[JsonSerializable(typeof(Page<Invitation>))]
[JsonSerializable(typeof(Policy))]
[JsonSerializable(typeof(PolicyRules))]
[JsonSerializable(typeof(EffectivePolicy))]
[JsonSerializable(typeof(PolicyPatch))]
[JsonSerializable(typeof(Page<PolicyBreach>))]
[JsonSerializable(typeof(IReadOnlyList<MaxLifetime>))]
[JsonSerializable(typeof(IReadOnlyList<ApprovalRule>))]
[JsonSerializable(typeof(Approval))]
[JsonSerializable(typeof(Page<Approval>))]
[JsonSerializable(typeof(AskForRoleRequest))]
[JsonSerializable(typeof(Page<RequestableRole>))]
[JsonSerializable(typeof(DecisionRequest))]
[JsonSerializable(typeof(ApplicationTransferRequest))]
[JsonSerializable(typeof(ApplicationTransfer))]
[JsonSerializable(typeof(RightsEffect))]
[JsonSerializable(typeof(Credential))]
[JsonSerializable(typeof(CredentialRequest))]
[JsonSerializable(typeof(PublicKeyRequest))]
[JsonSerializable(typeof(RegisteredKey))]
[JsonSerializable(typeof(ClientCertificateRequest))]
[JsonSerializable(typeof(RegisteredCertificate))]
[JsonSerializable(typeof(FederatedIdentityRequest))]
[JsonSerializable(typeof(FederatedIdentity))]
[JsonSerializable(typeof(CredentialPatch))]
[JsonSerializable(typeof(RotationRequest))]
[JsonSerializable(typeof(QuickApiKeyRequest))]
[JsonSerializable(typeof(DescendantsRevocationRequest))]
[JsonSerializable(typeof(RevokeAllRequest))]
[JsonSerializable(typeof(RevokedCount))]
[JsonSerializable(typeof(Page<Credential>))]
[JsonSerializable(typeof(VerifyRequest))]
[JsonSerializable(typeof(VerifyAnswer))]
[JsonSerializable(typeof(VerifyRefusal))]
[JsonSerializable(typeof(VerifyBatchRequest))]
[JsonSerializable(typeof(VerifyBatchAnswer))]
[JsonSerializable(typeof(Me))]
[JsonSerializable(typeof(Page<Notice>))]
[JsonSerializable(typeof(Page<Session>))]
[JsonSerializable(typeof(Page<Passkey>))]
[JsonSerializable(typeof(Page<LinkedAccount>))]
[JsonSerializable(typeof(LinkedAccountRequest))]
[JsonSerializable(typeof(SignInLink))]
[JsonSerializable(typeof(SigningKey))]
[JsonSerializable(typeof(SigningKeyRotationRequest))]
[JsonSerializable(typeof(SigningKeyTaintRequest))]
[JsonSerializable(typeof(Page<SigningKey>))]
[JsonSerializable(typeof(Page<AuditEvent>))]
[JsonSerializable(typeof(AuditHead))]
[JsonSerializable(typeof(Page<UsageCount>))]
[JsonSerializable(typeof(Page<AccessEntry>))]
[JsonSerializable(typeof(CredentialUses))]
[JsonSerializable(typeof(CredentialReport))]
[JsonSerializable(typeof(LeakReport))]
[JsonSerializable(typeof(FoundSecret[]))]
[JsonSerializable(typeof(IReadOnlyList<FoundSecretLabel>))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(IReadOnlyList<Permission>))]
[JsonSerializable(typeof(CredentialPermissions))]
[JsonSerializable(typeof(IReadOnlyList<ScopeDefinition>))]
[JsonSerializable(typeof(IReadOnlyList<RateLimit>))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(bool?))]
[JsonSerializable(typeof(int?))]
[JsonSerializable(typeof(DateTimeOffset?))]
[JsonSerializable(typeof(JsonElement?))]
public sealed partial class TokenryJson : JsonSerializerContext
{
    /// <summary>The options that every reader and writer of the API uses.</summary>
    public static JsonSerializerOptions Strict => strict ??= Make();

    // Not an initialiser: the generated half of this class may be initialised later.
    private static JsonSerializerOptions? strict;

    private static JsonSerializerOptions Make()
    {
        var options = new JsonSerializerOptions(Default.Options)
        {
            AllowDuplicateProperties = false,
            MaxDepth = 16,
            // No JSON of the API is embedded in HTML, so quotes and umlauts can stay readable.
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            RespectNullableAnnotations = true,
            TypeInfoResolver = Default,
        };
        options.MakeReadOnly();
        return options;
    }
}
