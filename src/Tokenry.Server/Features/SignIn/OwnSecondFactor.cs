using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.SignIn;

/// <summary>What a person does with their own second factor: look at it, turn it off, make new recovery codes. Changes need a fresh proof, with a code.</summary>
public sealed class OwnSecondFactor(Gate gate, FreshAuthentication fresh)
{
    public Task<SecondFactorState> ShowAsync(Caller caller) =>
        gate.ReadOneAsync(
            caller,
            demand: null,
            "second_factor.read",
            async read =>
            {
                var id = read.Caller.Principal.Id;
                return await SecondFactorStore.FindActiveAsync(read.Connection, id) is { ConfirmedAt: { } since }
                    ? new SecondFactorState(
                        DateTimeOffset.FromUnixTimeMilliseconds(since),
                        await RecoveryCodes.LeftAsync(read.Connection, id)
                    )
                    : new SecondFactorState(null, 0);
            }
        );

    /// <summary>Turns it off.</summary>
    /// <exception cref="ProblemException">403: a fresh proof is missing.</exception>
    public Task<bool> TurnOffAsync(Caller caller) =>
        gate.WriteAsync(
            caller,
            demand: null,
            "second_factor.disabled",
            async operation =>
            {
                var wasActive = await SecondFactorStore.RemoveAsync(operation.Transaction, await HoldAsync(operation));
                operation.Entry.Changes = [AuditChanges.Of("second_factor", true, false)];
                operation.Entry.ChangedNothing = !wasActive;
                return wasActive;
            }
        );

    /// <summary>Makes new recovery codes. The earlier ones end.</summary>
    /// <returns>The codes; <c>null</c> = the second factor is off.</returns>
    /// <exception cref="ProblemException">403: a fresh proof is missing.</exception>
    public Task<IReadOnlyList<Secret>?> ReplaceRecoveryCodesAsync(Caller caller) =>
        gate.WriteAsync<IReadOnlyList<Secret>?>(
            caller,
            demand: null,
            "second_factor.recovery_codes_replaced",
            async operation =>
            {
                var id = await HoldAsync(operation);
                if (await SecondFactorStore.FindActiveAsync(operation.Transaction, id) is null)
                {
                    operation.Entry.ChangedNothing = true;
                    return null;
                }

                return await RecoveryCodes.ReplaceAsync(operation.Transaction, id);
            }
        );

    private async Task<string> HoldAsync(OperationContext operation)
    {
        fresh.Require(operation.Caller);
        var id = operation.Caller.Principal.Id;
        operation.Entry.TargetType = PrincipalType.User;
        operation.Entry.TargetId = id;
        operation.Entry.OrganizationId = null; // the person's own, wherever they act
        await SignInData.HoldAsync(operation.Transaction, id);
        return id;
    }
}
