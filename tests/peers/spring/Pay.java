import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import org.lognet.springboot.grpc.GRpcService;

/** A service without methods: LogNet's starter opens its server only where there is one. */
@GRpcService
public class Pay implements BindableService {
    @Override
    public ServerServiceDefinition bindService() {
        return ServerServiceDefinition.builder("pay.v1.Pay").build();
    }
}
